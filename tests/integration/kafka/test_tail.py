"""The end of a topic on a real broker."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # they come from within
    AclOperation,
    ResourceType,
)

from fixengine.demo.feed.feed import orders
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.servers.broker import Broker
from fixengine.demo.topics import TopicNames, create_topic, read_topic
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.look import KafkaLook, read_to_the_end
from fixengine.infra.kafka.tail import KafkaTail
from fixengine.ports.kafka import Record
from tests.support.kafka.clusters import NOWHERE, cluster
from tests.support.kafka.guarded import GuardedKafka


def tail(broker: Broker, topic: str) -> KafkaTail:
    return KafkaTail(cluster=cluster(broker), topic=topic)


def read(broker: Broker, topic: str, since: datetime) -> list[bytes]:
    looks: list[KafkaLook] = []

    def opened() -> bool:
        """A topic that is new may have no leader yet for some partition."""
        with suppress(UnavailableError):
            looks.append(tail(broker, topic).look(since, timeout=60))
        return bool(looks)

    wait_until(opened, 60, "a leader for each partition")
    look = looks[0]
    values: list[bytes] = []

    def at_the_end() -> bool:
        news = look.read(0.1)
        values.extend(record.value or b"" for record in news or ())
        return news is None

    try:
        wait_until(at_the_end, 60, "the end")
    finally:
        look.close()
        look.close()
    return values


def test_what_came_since_a_moment_is_read_from_all_partitions(
    broker: Broker, topics: TopicNames
) -> None:
    create_topic(broker.bootstrap, topics.orders)
    feed = orders(seed=1)
    before, after = list(islice(feed, 200)), list(islice(feed, 3000))
    send_orders(broker.bootstrap, topics.orders, before)
    newest = max(r.timestamp_ms or 0 for r in read_topic(broker.bootstrap, topics.orders))
    wait_until(lambda: datetime.now(UTC).timestamp() * 1000 > newest + 5, 60, "the clock to go on")
    since = datetime.now(UTC)
    send_orders(broker.bootstrap, topics.orders, after)
    assert sorted(read(broker, topics.orders, since)) == sorted(o.value or b"" for o in after)
    everything = read(broker, topics.orders, since - timedelta(hours=1))
    assert len(everything) == len(before) + len(after)


def test_an_end_that_goes_away_faster_than_it_is_read_is_reached(
    broker: Broker, topics: TopicNames
) -> None:
    little_ahead = {"queued.min.messages": 1, "fetch.message.max.bytes": 999}
    slow = Cluster(brokers=broker.bootstrap, client_id="test", client_config=little_ahead)
    tail = KafkaTail(cluster=slow, topic=topics.fills, most_at_once=1)
    create_topic(broker.bootstrap, topics.fills, partitions=1)
    producer = Producer({"bootstrap.servers": broker.bootstrap})

    def put(number: int) -> None:
        for _ in range(number):
            producer.produce(topics.fills, bytes(900))
            assert producer.flush(10) == 0

    put(10)
    look = tail.look(datetime.now(UTC) - timedelta(hours=1), timeout=60)
    count = 0
    while count < 60 and (news := look.read(1)) is not None:
        count += len(news)
        put(2 * len(news))
    look.close()
    assert 10 <= count < 60


def test_an_empty_topic_has_an_end(broker: Broker, topics: TopicNames) -> None:
    create_topic(broker.bootstrap, topics.orders)
    assert read(broker, topics.orders, datetime.now(UTC)) == []


def test_a_topic_that_is_not_there_can_not_be_read(broker: Broker, topics: TopicNames) -> None:
    with pytest.raises(UnavailableError, match=topics.orders):
        tail(broker, topics.orders).look(datetime.now(UTC), timeout=60)


def test_who_may_not_read_a_topic_is_told_the_missing_right(
    guarded: GuardedKafka, topics: TopicNames
) -> None:
    create_topic(guarded.plain, topics.fills, partitions=1)
    guarded.allow(ResourceType.TOPIC, topics.fills, AclOperation.WRITE)
    user = Cluster(brokers=guarded.by_password, client_id="test", client_config=guarded.as_user())
    end = KafkaTail(cluster=user, topic=topics.fills)
    look = end.look(datetime.now(UTC), timeout=60)
    with pytest.raises(UnavailableError, match="allow this user READ"):
        list(read_to_the_end(look, silent_for=60))


def test_a_broker_that_is_not_there_is_waited_for_no_longer_than_asked() -> None:
    nowhere = KafkaTail(cluster=NOWHERE, topic="fills")
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1 can"):
        nowhere.look(datetime.now(UTC), timeout=0.2)


def test_a_record_is_read_by_its_place_while_the_topic_has_it(
    broker: Broker, topics: TopicNames
) -> None:
    create_topic(broker.bootstrap, topics.orders)
    send_orders(broker.bootstrap, topics.orders, islice(orders(seed=1), 100))
    there = read_topic(broker.bootstrap, topics.orders)
    last = {record.partition: record for record in there}
    for record in (there[0], there[50], *islice(last.values(), 3)):
        assert tail(broker, topics.orders).read(record.partition, record.offset) == record
        behind = last[record.partition].offset + 1
        assert tail(broker, topics.orders).read(record.partition, behind) is None
    assert tail(broker, topics.orders).read(99, 0) is None


def test_a_record_is_found_step_by_step(broker: Broker, topics: TopicNames) -> None:
    create_topic(broker.bootstrap, topics.orders)
    send_orders(broker.bootstrap, topics.orders, islice(orders(seed=1), 100))
    there = read_topic(broker.bootstrap, topics.orders)
    (first, second), last = there[:2], there[-1]

    def found(partition: int, offset: int) -> tuple[Record, ...] | None:
        look = tail(broker, topics.orders).find(partition, offset)
        news: list[tuple[Record, ...] | None] = [()]

        def settled() -> bool:
            news.append(look.read(0.05))
            return news[-1] != ()

        wait_until(settled, 60, "a record, or the end")
        look.close()
        return news[-1]

    for record in (first, second, last):
        assert found(record.partition, record.offset) == (record,)
    assert found(last.partition, last.offset + 1) is None
