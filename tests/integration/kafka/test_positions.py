"""What is committed where nothing is left to read, and what the broker deletes and makes anew.

All of it needs Apache Kafka: on the embedded broker librdkafka 2.16 dies of a topic that goes away.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import (
    OFFSET_END,
    ConsumerGroupTopicPartitions,
    Producer,
    TopicPartition,
)

from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.topics import TopicNames, create_topic
from fixengine.demo.waiting import wait_until
from fixengine.engine.engine import Engine
from fixengine.errors import UnavailableError
from fixengine.infra.kafka.lag import KafkaLag
from fixengine.ports.kafka import Standing
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.kafka.clusters import cluster
from tests.support.kafka.guarded import GuardedKafka
from tests.support.kafka.members import Member, member, up
from tests.support.kafka.topics import drop_topics


def lag(world: Surroundings) -> int | None:
    look = KafkaLag(
        cluster=cluster(world.broker),
        group=world.topics.group,
        topic=world.topics.orders,
    )
    try:
        return look.measure(5)
    except UnavailableError:  # a topic that is about to come or to go
        return None


def wait_for_no_lag(world: Surroundings) -> None:
    wait_until(lambda: lag(world) == 0, 60, "all to be committed")


def places(guarded: GuardedKafka, topics: TopicNames) -> list[TopicPartition]:
    """Return what the group has committed."""
    asked = guarded.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(topics.group)])
    return list(asked[topics.group].result(60).topic_partitions)


def committed(guarded: GuardedKafka, topics: TopicNames) -> int:
    """Return the sum of the group's committed offsets, as an autoscaler reads them."""
    return sum(place.offset for place in places(guarded, topics))


def some(number: int, *, first_id: int = 1) -> tuple[FedOrder, ...]:
    feed = orders(seed=1, first_id=first_id)
    return tuple(order for order in (next(feed) for _ in range(3 * number)) if order.valid)[:number]


def different(member: Member) -> int:
    """Return how many different records a member has read."""
    return len({(record.partition, record.offset) for record in member.records})


def delete_all(guarded: GuardedKafka, topic: str) -> None:
    """Delete every record of a topic, as retention does in time."""
    edges = [TopicPartition(topic, partition, OFFSET_END) for partition in range(20)]
    for future in guarded.admin.delete_records(edges).values():
        future.result(60)


@contextmanager
def reading(world: Surroundings, number: int) -> Iterator[Engine]:
    """Lend an engine that has stored so many orders, the first ones."""
    with world.engine() as engine:
        wait_until_ready(engine)
        world.send(*some(number))
        world.wait_for("execution", number)
        yield engine


def anew(world: Surroundings, *, partitions: int = 20) -> None:
    """Delete the topic and make it again."""
    drop_topics(world.broker.bootstrap, [world.topics.orders])
    create_topic(world.broker.bootstrap, world.topics.orders, partitions=partitions)


def test_an_engine_has_no_lag_on_a_topic_whose_history_was_deleted(
    kafka: Surroundings, guarded: GuardedKafka
) -> None:
    kafka.send(*some(100))
    delete_all(guarded, kafka.topics.orders)
    wait_for_no_lag(kafka)  # as the engine counts it; the committed offsets are what others read
    with kafka.engine():
        wait_until(lambda: committed(guarded, kafka.topics) == 100, 60, "the ends")


@pytest.mark.parametrize("commits", [True, False], ids=["committed", "aborted"])
def test_the_end_of_a_transaction_leaves_no_lag(kafka: Surroundings, *, commits: bool) -> None:
    producer = Producer({"bootstrap.servers": kafka.broker.bootstrap, "transactional.id": "one"})
    producer.init_transactions(30)
    producer.begin_transaction()
    sent = some(40)
    for order in sent:
        producer.produce(kafka.topics.orders, key=order.key, value=order.value)
    producer.flush(30)
    with kafka.engine() as engine:
        wait_until_ready(engine)
        if commits:
            producer.commit_transaction(30)
            kafka.wait_for("execution", len(sent))
        else:
            producer.abort_transaction(30)
        wait_for_no_lag(kafka)
    assert kafka.count("execution") == (len(sent) if commits else 0)


@pytest.mark.parametrize("partitions", [4, 30])
def test_a_topic_made_anew_is_read_and_committed(kafka: Surroundings, partitions: int) -> None:
    with reading(kafka, 60):
        anew(kafka, partitions=partitions)
        # so many that each partition is soon longer than the old one was
        kafka.send(*some(400, first_id=1000))
        kafka.wait_for("execution", 460, 60)
        wait_for_no_lag(kafka)


@contextmanager
def member_that_has_read(guarded: GuardedKafka, topics: TopicNames) -> Iterator[Member]:
    """Lend the only member of the group, which has read the 40 records of two partitions."""
    create_topic(guarded.plain, topics.orders, partitions=2)
    send_orders(guarded.plain, topics.orders, some(40))
    with member(guarded.plain, topics, guarded.broker.client_config) as one:
        one.wait(lambda _: len(one.records) == 40, "the first records")
        yield one


def test_no_record_of_a_topic_made_anew_is_passed_over(
    guarded: GuardedKafka, topics: TopicNames
) -> None:
    """Though it has more of them than the old one when it is looked at again."""
    with member_that_has_read(guarded, topics) as one:
        # in the tenth of a second that it takes to look again nothing can be made anew
        one.source.pause(one.source.assigned)
        one.poll()
        drop_topics(guarded.plain, [topics.orders])
        create_topic(guarded.plain, topics.orders, partitions=2)
        send_orders(guarded.plain, topics.orders, some(400, first_id=1000))
        one.source.pause(frozenset())
        one.records.clear()
        one.wait(lambda _: different(one) == 400, "all records of the new topic")


def test_a_place_that_was_committed_of_a_topic_before_holds_for_no_other(
    guarded: GuardedKafka, topics: TopicNames
) -> None:
    """Its engine was killed before it could notice, and the new topic has more records by now."""
    with member_that_has_read(guarded, topics) as one:
        known = {record.partition: record.offset + 1 for record in one.records}

        def committed_with_the_topic(_: Standing) -> bool:
            one.source.commit(known)
            found = places(guarded, topics)
            return len(found) == 2 and all(place.metadata for place in found)

        one.wait(committed_with_the_topic, "the places")
        # from here on it is not polled any more, and so does not notice
        drop_topics(guarded.plain, [topics.orders])
        create_topic(guarded.plain, topics.orders, partitions=2)
        one.source.commit(known)
        wait_until(lambda: committed(guarded, topics) == 40, 60, "the places, on the new topic")
        send_orders(guarded.plain, topics.orders, some(400, first_id=1000))
    with member(guarded.plain, topics, guarded.broker.client_config) as another:
        another.wait(lambda _: different(another) == 400, "all records of the new topic")


def test_a_place_that_somebody_else_committed_is_gone_on_from(
    guarded: GuardedKafka, topics: TopicNames
) -> None:
    """As by the tools of the broker, or by the service before this one."""
    create_topic(guarded.plain, topics.orders, partitions=1)
    send_orders(guarded.plain, topics.orders, some(40))
    place = TopicPartition(topics.orders, 0, 30)
    wanted = ConsumerGroupTopicPartitions(topics.group, [place])
    guarded.admin.alter_consumer_group_offsets([wanted])[topics.group].result(60)
    with member(guarded.plain, topics, guarded.broker.client_config) as one:
        one.wait(lambda _: len(one.records) == 10, "the last records")
        one.source.commit({0: 35})
        wait_until(lambda: committed(guarded, topics) == 35, 60, "the place")
    with member(guarded.plain, topics, guarded.broker.client_config) as another:
        another.wait(up, "a place in the group")
        another.wait(lambda _: len(another.records) == 5, "what was not committed")


def test_a_topic_made_anew_is_read_after_a_restart(kafka: Surroundings) -> None:
    with reading(kafka, 400):
        pass
    anew(kafka)
    kafka.send(*some(20, first_id=1000))
    with kafka.engine():
        kafka.wait_for("execution", 420)
        wait_for_no_lag(kafka)


def test_offsets_that_have_expired_let_all_be_read_again(
    kafka: Surroundings, guarded: GuardedKafka
) -> None:
    """Orders that come twice change nothing."""
    with reading(kafka, 60):
        pass
    group = kafka.topics.group
    guarded.admin.delete_consumer_groups([group])[group].result(60)
    kafka.send(*some(10, first_id=1000))
    with kafka.engine():
        kafka.wait_for("execution", 70)
        wait_until(lambda: committed(guarded, kafka.topics) == 70, 60, "the ends")
    assert kafka.count("execution") == 70


def test_orders_that_were_deleted_unread_are_told_of_and_counted(
    kafka: Surroundings, guarded: GuardedKafka, events: list[str]
) -> None:
    with reading(kafka, 60):
        wait_for_no_lag(kafka)
    kafka.send(*some(100, first_id=1000))
    delete_all(guarded, kafka.topics.orders)
    kafka.send(*some(10, first_id=2000))
    with kafka.engine() as engine:
        kafka.wait_for("execution", 70)

        def deleted() -> float | None:
            return engine.registry.get_sample_value("fixengine_orders_deleted_unread_total")

        wait_until(lambda: deleted() == 100, 60, "the count of what is lost")
        wait_for_no_lag(kafka)
    told = events.count("orders were deleted before they were read")
    assert 0 < told <= 20
