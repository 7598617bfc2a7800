"""The lag of a consumer group on a real broker."""

from itertools import islice
from time import monotonic

import pytest
from confluent_kafka import Consumer, TopicPartition

from fixengine.demo.feed.feed import orders
from fixengine.demo.feed.sending import OrderSender
from fixengine.demo.servers.broker import Broker
from fixengine.demo.topics import TopicNames, create_topic, read_topic
from fixengine.errors import UnavailableError
from fixengine.infra.kafka.lag import KafkaLag
from tests.support.kafka.clusters import NOWHERE, cluster


def lag(broker: Broker, topics: TopicNames) -> int:
    return KafkaLag(cluster=cluster(broker), group=topics.group, topic=topics.orders).measure(5)


def commit(broker: Broker, topics: TopicNames, positions: dict[int, int]) -> None:
    consumer = Consumer(
        {
            **broker.client_config,
            "bootstrap.servers": broker.bootstrap,
            "group.id": topics.group,
            "enable.auto.commit": False,
        }
    )
    offsets = [TopicPartition(topics.orders, part, at) for part, at in positions.items()]
    consumer.commit(offsets=offsets, asynchronous=False)
    consumer.close()


def test_what_is_not_committed_counts(broker: Broker, topics: TopicNames) -> None:
    create_topic(broker.bootstrap, topics.orders)
    assert lag(broker, topics) == 0
    # the embedded broker takes the beginning of the last batch for the end: batches of one
    sender = OrderSender(cluster(broker), topic=topics.orders)
    for order in islice(orders(seed=1), 60):
        sender.send(order)
        sender.flush()
    assert lag(broker, topics) == 60
    ends: dict[int, int] = {}
    for record in read_topic(broker.bootstrap, topics.orders):
        ends[record.partition] = max(ends.get(record.partition, 0), record.offset + 1)
    first = min(ends)
    commit(broker, topics, {first: 1})
    assert lag(broker, topics) == 59
    commit(broker, topics, ends)
    assert lag(broker, topics) == 0


def test_a_topic_that_does_not_exist_has_none(broker: Broker, topics: TopicNames) -> None:
    assert lag(broker, topics) == 0


def test_a_broker_that_is_away_is_said_within_the_time_given() -> None:
    away = KafkaLag(cluster=NOWHERE, group="g", topic="orders")
    began = monotonic()
    with pytest.raises(UnavailableError):
        away.measure(0.5)
    assert monotonic() - began < 30
