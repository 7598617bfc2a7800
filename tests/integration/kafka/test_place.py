"""A member that takes a dead one's place has its partitions at once; one that leaves keeps none."""

from collections.abc import Sequence
from time import monotonic

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # NewPartitions comes from within
    AdminClient,
    NewPartitions,
)

from fixengine.demo.servers.broker import Broker
from fixengine.demo.topics import TopicNames, create_topic
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.ports.kafka import Standing
from tests.support.kafka.members import member, up
from tests.support.stacks import BrokerKind

_LONGER_THAN_THE_TEST = {"session.timeout.ms": 600_000, "max.poll.interval.ms": 600_000}


@pytest.fixture(autouse=True)
def _apache(broker_kind: BrokerKind) -> None:
    if broker_kind is BrokerKind.EMBEDDED:
        pytest.skip("the embedded broker knows no names of members: only Apache Kafka does")


def die_in_the_group(broker: Broker, topics: TopicNames, name: str) -> None:
    """Leave a member of that name in the group, with all partitions, and nobody behind it."""
    dead = Consumer(
        {
            **broker.client_config,
            **_LONGER_THAN_THE_TEST,
            "bootstrap.servers": broker.bootstrap,
            "group.id": topics.group,
            "group.instance.id": name,
            "partition.assignment.strategy": "range",
        }
    )
    dead.subscribe([topics.orders])
    wait_until(lambda: dead.poll(0.05) or dead.assignment(), 60, "the partitions")
    dead.close()  # one with a name does not leave


def takes_the_first(members: Sequence[str]) -> str:
    return members[0] if members else "own"


def test_a_member_has_a_dead_ones_place_long_before_its_session_is_over(
    broker: Broker, topics: TopicNames
) -> None:
    create_topic(broker.bootstrap, topics.orders, partitions=3)
    die_in_the_group(broker, topics, "dead")
    with member(broker.bootstrap, topics, broker.client_config, takes_the_first) as one:
        one.wait(up, "the place")
        assert one.source.assigned == {0, 1, 2}
        assert one.changes == 1
        admin = AdminClient({"bootstrap.servers": broker.bootstrap})  # it lives until it answers
        more = admin.create_partitions([NewPartitions(topics.orders, 5)])
        more[topics.orders].result(60)
        one.wait(lambda _: len(one.source.assigned) == 5, "partitions that came later")


def test_a_member_that_leaves_gives_its_name_and_partitions_up(
    broker: Broker, topics: TopicNames
) -> None:
    create_topic(broker.bootstrap, topics.orders, partitions=3)
    config = {**broker.client_config, **_LONGER_THAN_THE_TEST}
    with member(broker.bootstrap, topics, config, lambda _: "one") as one:
        one.wait(up, "a place")
    seen: list[Sequence[str]] = []

    def look(members: Sequence[str]) -> str:
        seen.append(members)
        return "other"

    with member(broker.bootstrap, topics, config, look) as other:
        other.wait(up, "the place of one that has left")
        assert len(other.source.assigned) == 3
    assert seen == [[]]


def test_a_member_that_leaves_before_it_has_partitions_gives_its_name_up_too(
    broker: Broker, topics: TopicNames
) -> None:
    create_topic(broker.bootstrap, topics.orders, partitions=1)
    config = {**broker.client_config, **_LONGER_THAN_THE_TEST}
    with member(broker.bootstrap, topics, config, lambda _: "one") as one:
        one.wait(up, "a place")
        with member(broker.bootstrap, topics, config, lambda _: "two") as two:
            two.poll()
        one.poll()

        def alone() -> bool:
            one.poll()
            return names(broker, topics) == {"one"}

        wait_until(alone, 60, "the other to be forgotten")


def test_a_member_whose_place_was_taken_steps_back_and_takes_another(
    broker: Broker, topics: TopicNames
) -> None:
    """As after it was frozen, and its session with the database ended."""
    create_topic(broker.bootstrap, topics.orders, partitions=2)
    left = ["a", "b"]
    config = broker.client_config
    with member(broker.bootstrap, topics, config, lambda _: left.pop(0)) as one:
        one.wait(up, "a place")
        with member(broker.bootstrap, topics, config, lambda _: "a") as other:

            def replaced() -> bool:
                other.poll()
                return "another engine has taken this one's place" in one.poll().said

            wait_until(replaced, 60, "the first to be replaced")
            assert one.source.assigned == frozenset()

            def shared() -> bool:
                both = (one.poll(), other.poll())
                assigned = {len(each.source.assigned) for each in (one, other)}
                return all(each.up for each in both) and assigned == {1}

            wait_until(shared, 60, "a partition for each")
            assert names(broker, topics) == {"a", "b"}
            assert other.changes == 1  # never thrown out in turn


def test_a_member_that_leaves_before_it_hears_that_its_place_was_taken_just_ends(
    broker: Broker, topics: TopicNames
) -> None:
    """As an engine that is stopped right after it was frozen."""
    create_topic(broker.bootstrap, topics.orders, partitions=1)
    config = broker.client_config
    with member(broker.bootstrap, topics, config, lambda _: "a") as other:
        with member(broker.bootstrap, topics, config, lambda _: "a") as one:
            one.wait(up, "a place")
            other.wait(up, "the same place")

            def is_out() -> bool:
                assert one.source._member is not None
                place = TopicPartition(topics.orders, 0, 0)
                try:
                    one.source._member._consumer.commit(offsets=[place], asynchronous=False)
                except KafkaException as error:
                    return bool(error.args[0].code() == KafkaError._FATAL)
                return False

            wait_until(is_out, 60, "the driver to hear of it")
        assert other.poll().up


def test_a_member_waits_for_its_name(broker: Broker, topics: TopicNames) -> None:
    """The database gives it: without the database nothing could be stored anyway."""
    create_topic(broker.bootstrap, topics.orders, partitions=1)
    there_at = monotonic() + 1

    def take(_: Sequence[str]) -> str:
        if monotonic() < there_at:
            raise UnavailableError("no database")
        return "one"

    with member(broker.bootstrap, topics, broker.client_config, take) as one:
        waits = Standing(
            up=False, said="it joins the group when the database can be reached", early=True
        )
        assert one.poll() == waits
        assert names(broker, topics) == set()
        one.wait(up, "a place")


def names(broker: Broker, topics: TopicNames) -> set[str | None]:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    asked = admin.describe_consumer_groups([topics.group])[topics.group]
    return {each.group_instance_id for each in asked.result(60).members}
