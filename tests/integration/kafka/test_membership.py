"""Whether a member of the group says when it has its place, and why it has none."""

import logging
from time import monotonic

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # they come from within
    AclOperation,
    ResourceType,
)

from fixengine.demo.feed.feed import orders
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.servers.broker import Broker
from fixengine.demo.topics import TopicNames, create_topic
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.ports.kafka import Standing
from tests.support.kafka.guarded import GuardedKafka
from tests.support.kafka.members import down, member, up
from tests.support.kafka.topics import drop_topics
from tests.support.stacks import BrokerKind

GROUP, TOPIC = ResourceType.GROUP, ResourceType.TOPIC
READ, DESCRIBE = AclOperation.READ, AclOperation.DESCRIBE


def test_a_member_is_up_once_it_has_partitions(broker: Broker, topics: TopicNames) -> None:
    create_topic(broker.bootstrap, topics.orders)
    with member(broker.bootstrap, topics, broker.client_config) as one:
        assert not one.poll().up
        one.wait(up, "a place in the group")
        assert len(one.source.assigned) == 20
        assert one.changes == 1


def test_a_topic_that_comes_later_makes_no_member_unready(
    broker: Broker, topics: TopicNames
) -> None:
    with member(broker.bootstrap, topics, broker.client_config) as one:
        assert "does not exist yet" in one.wait(up, "a place without a topic").said
        create_topic(broker.bootstrap, topics.orders)
        one.wait(lambda standing: standing == Standing(up=True, said=""), "the topic")
        assert one.changes == 1


def test_a_topic_that_is_deleted_makes_no_member_unready(
    topics: TopicNames, broker_kind: BrokerKind, broker: Broker
) -> None:
    """It is waited for like one that never was."""
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("only Apache Kafka tells its members that a topic is gone")
    create_topic(broker.bootstrap, topics.orders)
    with member(broker.bootstrap, topics, broker.client_config) as one:
        one.wait(up, "a place in the group")
        drop_topics(broker.bootstrap, [topics.orders])
        one.wait(lambda standing: "does not exist" in standing.said, "the topic to be missed")
        patience = monotonic() + 25
        one.wait(lambda _: monotonic() > patience, "longer than a rebalance takes")
        assert one.source.standing().up
        create_topic(broker.bootstrap, topics.orders)
        one.wait(lambda standing: standing == Standing(up=True, said=""), "the topic")
        assert one.changes == 1


def test_one_good_address_among_others_is_enough_for_a_place(
    broker: Broker, topics: TopicNames
) -> None:
    create_topic(broker.bootstrap, topics.orders)
    brokers = f"nosuchhost.invalid:9092,{broker.bootstrap},127.0.0.1:1"
    with member(brokers, topics, broker.client_config) as one:
        one.wait(up, "a place in the group")
        assert one.changes == 1


def test_a_member_without_partitions_is_up(broker: Broker, topics: TopicNames) -> None:
    create_topic(broker.bootstrap, topics.orders, partitions=1)
    with (
        member(broker.bootstrap, topics, broker.client_config) as one,
        member(broker.bootstrap, topics, broker.client_config) as other,
    ):

        def shared() -> bool:
            standings = {one.poll().said, other.poll().said}
            all_up = one.source.standing().up and other.source.standing().up
            return all_up and standings == {"", "no partitions are assigned"}

        wait_until(shared, 60, "one partition for two")


def test_without_a_broker_a_member_says_where_it_looks(topics: TopicNames) -> None:
    with member("127.0.0.1:1", topics, {}) as one:
        said = one.wait(lambda standing: "127.0.0.1:1" in standing.said, "the address").said
        assert "Connection refused" in said


def test_a_broker_that_is_not_there_is_tried_a_few_times_a_second(
    topics: TopicNames, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.DEBUG, logger="librdkafka"),
        member("127.0.0.1:1", topics, {}) as one,
    ):
        until = monotonic() + 2
        one.wait(lambda _: monotonic() > until, "two seconds of tries")
    assert 0 < sum("Connection refused" in record.getMessage() for record in caplog.records) < 16


def test_a_broker_that_is_gone_takes_the_place_away(
    topics: TopicNames, broker_kind: BrokerKind
) -> None:
    """And gives it back, also when it has forgotten everything."""
    with Workspace() as workspace:
        broker = broker_kind.servers.broker(workspace=workspace)
        broker.start()
        create_topic(broker.bootstrap, topics.orders)
        with member(broker.bootstrap, topics, broker.client_config) as one:
            one.wait(up, "a place in the group")
            broker.kill()
            said = one.wait(down, "the broker to be missed").said
            assert "no assignment was confirmed" in said
            assert broker.bootstrap in said
            broker.start()
            one.wait(up, "a place in the group again")
            assert one.changes == 3


def test_a_group_that_may_not_be_joined_is_named(guarded: GuardedKafka, topics: TopicNames) -> None:
    create_topic(guarded.plain, topics.orders, partitions=2)
    guarded.allow(TOPIC, topics.orders, READ, DESCRIBE)
    with member(guarded.by_password, topics, guarded.as_user()) as one:
        said = one.wait(lambda standing: "READ" in standing.said, "the refusal").said
        assert f"READ on the group {topics.group}" in said
        guarded.allow(GROUP, topics.group, READ)
        one.wait(up, "a place in the group")
        assert one.changes == 1


def test_a_topic_that_may_not_be_read_is_named_until_it_may(
    guarded: GuardedKafka, topics: TopicNames
) -> None:
    """Its place in the group such a member has."""
    create_topic(guarded.plain, topics.orders, partitions=2)
    guarded.allow(GROUP, topics.group, READ)
    guarded.allow(TOPIC, topics.orders, DESCRIBE)
    with member(guarded.by_password, topics, guarded.as_user()) as one:
        said = one.wait(lambda standing: "READ" in standing.said, "the refusal").said
        assert f"the topic {topics.orders} may not be read" in said
        with member(guarded.by_password, topics, guarded.as_user()) as other:
            # a rebalance changes nothing, also for one that it gives a partition that was denied
            def shared() -> bool:
                one.poll()
                other.poll()
                return len(one.source.assigned) == len(other.source.assigned) == 1

            wait_until(shared, 60, "a partition for each")
            other.wait(lambda standing: "READ" in standing.said, "the refusal of the other")
            one.poll()
            assert other.changes == one.changes == 0
        guarded.allow(TOPIC, topics.orders, READ)
        one.wait(up, "the topic to be read")
        guarded.forbid(TOPIC, topics.orders, READ)
        one.wait(down, "the topic to be refused again")
        guarded.allow(TOPIC, topics.orders, READ)
        one.wait(up, "the topic to be read again, though nothing new is on it")
        assert one.changes == 3


def test_a_topic_that_may_not_be_seen_is_named(guarded: GuardedKafka, topics: TopicNames) -> None:
    create_topic(guarded.plain, topics.orders, partitions=2)
    guarded.allow(GROUP, topics.group, READ)
    with member(guarded.by_password, topics, guarded.as_user()) as one:
        one.wait(lambda standing: "READ and DESCRIBE" in standing.said, "the refusal")
        guarded.allow(TOPIC, topics.orders, READ)
        one.wait(up, "the topic to be read")
        assert one.changes == 1


def test_a_member_with_another_protocol_is_named(guarded: GuardedKafka, topics: TopicNames) -> None:
    create_topic(guarded.plain, topics.orders, partitions=2)
    config = guarded.broker.client_config
    other = Consumer(
        {
            **config,
            "bootstrap.servers": guarded.plain,
            "group.id": topics.group,
            "partition.assignment.strategy": "cooperative-sticky",
        }
    )
    try:
        other.subscribe([topics.orders])
        wait_until(lambda: other.poll(0.05) or other.assignment(), 60, "the other's place")
        with member(guarded.plain, topics, config) as one:

            def refused() -> bool:
                other.poll(0)
                return "members with another protocol" in one.poll().said

            wait_until(refused, 60, "the refusal")
            other.close()
            one.wait(up, "a place in the group")
            assert one.changes == 1
    finally:
        other.close()


def test_a_group_that_is_full_is_named(guarded: GuardedKafka, topics: TopicNames) -> None:
    create_topic(guarded.plain, topics.orders, partitions=2)
    config = guarded.broker.client_config
    with (
        member(guarded.plain, topics, config) as first,
        member(guarded.plain, topics, config) as second,
        member(guarded.plain, topics, config) as third,
    ):
        others = (first, second, third)

        def joined() -> bool:
            ups = [each.poll().up for each in others]
            return all(ups) and {len(each.source.assigned) for each in others} == {0, 1}

        wait_until(joined, 60, "three members")
        with member(guarded.plain, topics, config) as one:

            def refused() -> bool:
                for each in others:
                    each.poll()
                return "is full" in one.poll().said

            wait_until(refused, 60, "the refusal")


def test_a_session_time_that_the_broker_refuses_is_named(
    guarded: GuardedKafka, topics: TopicNames
) -> None:
    create_topic(guarded.plain, topics.orders, partitions=2)
    hasty = {"session.timeout.ms": 500, "heartbeat.interval.ms": 100}
    with member(guarded.plain, topics, hasty) as one:
        one.wait(lambda standing: "session.timeout.ms" in standing.said, "the refusal")


def test_a_member_whose_name_another_took_comes_back_when_the_other_is_gone(
    guarded: GuardedKafka, topics: TopicNames
) -> None:
    create_topic(guarded.plain, topics.orders, partitions=2)
    config = {**guarded.broker.client_config, "group.instance.id": "one"}
    with member(guarded.plain, topics, config) as one:
        one.wait(up, "a place in the group")
        with member(guarded.plain, topics, config) as other:

            def thrown_out() -> bool:
                taken = other.poll().up
                return taken and "group.instance.id" in one.poll().said

            wait_until(thrown_out, 60, "the first to be thrown out")
            assert one.source.assigned == frozenset()

            # it has time to come back, and must not: they would throw each other out for ever
            patience = monotonic() + 10

            def waited() -> bool:
                one.poll()
                assert other.poll().up
                return monotonic() > patience

            wait_until(waited, 60, "twice the time after which it looks for the other")
        send_orders(guarded.plain, topics.orders, [next(orders(seed=1))])
        one.wait(up, "the first to come back")
        one.wait(lambda _: len(one.records) == 1, "the record")
