"""The consumer on a real broker, through rebalances."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fixengine.demo.feed.feed import orders
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.servers.broker import Broker
from fixengine.demo.topics import TopicNames, create_topic, read_topic
from fixengine.demo.waiting import wait_until
from fixengine.infra.kafka.consumer.source import KafkaSource
from tests.support.kafka.clusters import cluster


@pytest.fixture
def topic(broker: Broker, topics: TopicNames) -> TopicNames:
    create_topic(broker.bootstrap, topics.orders)
    return topics


@contextmanager
def member(broker: Broker, topic: TopicNames) -> Iterator[KafkaSource]:
    source = KafkaSource(
        cluster=cluster(broker),
        group=topic.group,
        topic=topic.orders,
    )
    source.open(on_revoked=lambda _: None, on_lost=lambda _: None)
    try:
        yield source
    finally:
        source.close({}, 5)


def send(broker: Broker, topic: TopicNames, number: int, *, first_id: int) -> None:
    feed = orders(seed=1, first_id=first_id)
    send_orders(broker.bootstrap, topic.orders, [next(feed) for _ in range(number)])


def test_partitions_that_come_back_after_a_pause_are_read_again(
    broker: Broker, topic: TopicNames
) -> None:
    """They went and came while the source was paused, or after it went on without them."""
    with member(broker, topic) as source:
        wait_until(lambda: source.poll(1, 0.1) or len(source.assigned) == 20, 60, "all")
        source.pause(frozenset(range(20)))
        with member(broker, topic) as other:

            def shared() -> bool:
                source.poll(1, 0.05)
                other.poll(1, 0.05)
                return len(source.assigned) == len(other.assigned) == 10

            wait_until(shared, 60, "both to have ten partitions")
            source.pause(frozenset())
        send(broker, topic, 400, first_id=1)
        seen: set[tuple[int, int]] = set()

        def read() -> bool:
            # long enough for the rebalance and the first record after it to share one poll
            seen.update((record.partition, record.offset) for record in source.poll(500, 10))
            return len(seen) == 400

        wait_until(read, 60, "all records")


def test_a_partition_that_is_paused_brings_nothing_and_the_others_go_on(
    broker: Broker, topic: TopicNames
) -> None:
    with member(broker, topic) as source:
        wait_until(lambda: source.poll(1, 0.1) or len(source.assigned) == 20, 60, "all")
        seen: set[tuple[int, int]] = set()

        def read(number: int) -> bool:
            seen.update((record.partition, record.offset) for record in source.poll(500, 0.1))
            return len(seen) == number

        paused = frozenset(range(5))
        source.pause(paused)
        send(broker, topic, 400, first_id=1)
        there = read_topic(broker.bootstrap, topic.orders)
        free = sum(record.partition not in paused for record in there)
        wait_until(lambda: read(free), 60, "what is not paused")
        assert 0 < free < 400
        source.pause(frozenset({7}))
        wait_until(lambda: read(400), 60, "all records")
        assert {partition for partition, _ in seen} >= paused


def test_the_last_positions_are_committed_before_leaving(broker: Broker, topic: TopicNames) -> None:
    send(broker, topic, 100, first_id=1)
    with member(broker, topic) as first:
        taken: list[tuple[int, int]] = []

        def read() -> bool:
            taken.extend((r.partition, r.offset) for r in first.poll(500, 0.1))
            return len(taken) == 100

        wait_until(read, 60, "all records")
        positions = {partition: 0 for partition, _ in taken}
        for partition, offset in taken:
            positions[partition] = max(positions[partition], offset + 1)
        first.close(positions, 5)
    send(broker, topic, 10, first_id=1000)
    with member(broker, topic) as second:
        again: list[tuple[int, int]] = []

        def read_again() -> bool:
            again.extend((r.partition, r.offset) for r in second.poll(500, 0.1))
            return len(again) >= 10

        wait_until(read_again, 60, "the new records")
        assert not set(again) & set(taken)
