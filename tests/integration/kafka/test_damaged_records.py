"""Records that were damaged on the broker's disk: what is said of them, and how one gets past."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from fixengine.demo.feed.feed import orders
from fixengine.demo.servers.apache import ApacheKafka
from fixengine.demo.topics import TopicNames, create_topic
from fixengine.demo.workspace import Workspace
from tests.support.kafka.members import down, member, up
from tests.support.stacks import BrokerKind

_WITHIN = 60.0
_HEADER = 61
"""Bytes of a batch before its records."""


@pytest.fixture
def own(broker_kind: BrokerKind) -> Iterator[Workspace]:
    """Lend the folder of a broker whose disk a test may damage."""
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("only of Apache Kafka are the files known")
    with Workspace() as workspace:
        yield workspace


def send(kafka: ApacheKafka, topic: str, number: int, *, partition: int, codec: str) -> None:
    """Send so many orders as one batch."""
    producer = Producer(
        {"bootstrap.servers": kafka.bootstrap, "compression.type": codec, "linger.ms": 1_000}
    )
    for order in islice(orders(seed=1), number):
        producer.produce(topic, key=order.key, value=order.value, partition=partition)
    assert producer.flush(_WITHIN) == 0


def damage(log: Path, *, offset: int) -> None:
    """Change the records of the batch that begins at an offset, and leave its header."""
    content, position = bytearray(log.read_bytes()), 0
    while int.from_bytes(content[position : position + 8], "big") != offset:
        position += 12 + int.from_bytes(content[position + 8 : position + 12], "big")
    end = position + 12 + int.from_bytes(content[position + 8 : position + 12], "big")
    for place in range(position + _HEADER, end):
        content[place] ^= 0x5A
    log.write_bytes(content)


def test_damaged_records_are_named_and_hold_up_their_partition_alone(
    own: Workspace, topics: TopicNames
) -> None:
    kafka = ApacheKafka(workspace=own)
    kafka.start()
    create_topic(kafka.bootstrap, topics.orders, partitions=2)
    for number, codec in ((5, "none"), (20, "gzip"), (7, "none")):
        send(kafka, topics.orders, number, partition=1, codec=codec)
    send(kafka, topics.orders, 3, partition=0, codec="none")
    kafka.stop()
    partition = own.subfolder("kafka") / "data" / f"{topics.orders}-1"
    damage(partition / f"{0:020}.log", offset=5)
    kafka.start()
    with member(kafka.bootstrap, topics, kafka.client_config) as one:
        one.wait(lambda standing: down(standing) and standing.said.startswith("nothing is"), "why")
        assert f"nothing is read from {topics.orders} 1/5 on: " in one.source.standing().said
        one.wait(lambda _: len(one.records) == 8, "what is sound before it and elsewhere")
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
        sound = [TopicPartition(topics.orders, 1, 25)]
        admin.delete_records(sound)[sound[0]].result(_WITHIN)
        one.wait(up, "the partition to be read on")
        one.wait(lambda _: len(one.records) == 15, "what is behind it")
        assert one.changes in {1, 3}  # that of an up before the first damaged batch may be missed
