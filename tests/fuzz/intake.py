"""Hostile records through a real intake: sent, settled, and what is left of them."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import psycopg
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from fixengine.demo.topics import TopicNames
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.look import read_to_the_end
from fixengine.infra.kafka.tail import KafkaTail
from fixengine.ports.kafka import Record
from tests.fuzz.accounts import PARTITIONS, Account, Row, draw_up, place_of
from tests.fuzz.hostile import Hostile

NO_FILLS = "86000"
"""FILL_DELAY_FIRST for engines that are to do nothing but take orders in."""

_COUNTERS = {
    "stored": re.compile(rb"^kafka_consumer_messages_processed_total{.*} (\S+)$", re.MULTILINE),
    "buried": re.compile(rb"^kafka_consumer_messages_failed_total{.*} (\S+)$", re.MULTILINE),
}
_PAGE = os.sysconf("SC_PAGE_SIZE")
_ROWS = """
select execution_service_id, trade_type, destination, rtrim(security_id), quantity_ordered,
       limit_price, received_timestamp, trade_service_execution_id, version
from execution
"""


class HostileFeed:
    """Sends records in turn to each partition, so that a record's number tells its place."""

    def __init__(self, records: Iterable[Hostile], *, bootstrap: str, topic: str) -> None:
        self._records = iter(records)
        self._topic = topic
        self.sent = 0
        self.problems: list[str] = []
        self._producer = Producer(
            {"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5}
        )

    def send(self, number: int) -> None:
        """Send so many more, and wait until the broker has them."""
        for record in islice(self._records, number):
            self._send(record, *place_of(self.sent))
            self.sent += 1
        left = self._producer.flush(60)
        assert not left and not self.problems, (left, self.problems[:5])  # noqa: PT018

    def _send(self, record: Hostile, partition: int, offset: int) -> None:
        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None or message.offset() != offset:
                self.problems.append(f"{partition}/{offset}: {error or message.offset()}")

        while True:
            try:
                self._producer.produce(
                    self._topic,
                    partition=partition,
                    key=record.key,
                    value=record.value,
                    headers=list(record.headers),
                    on_delivery=delivered,
                )
            except BufferError:
                self._producer.poll(1)
            else:
                self._producer.poll(0)
                return


def settled(metrics: bytes) -> Mapping[str, int]:
    """Return how many records are stored, and buried, by an engine's own count."""
    return {
        fate: sum(int(float(value)) for value in counter.findall(metrics))
        for fate, counter in _COUNTERS.items()
    }


def resident(pid: int) -> float:
    """Return a process's resident memory in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6


def audit(
    records: Iterable[Hostile],
    *,
    counted: Mapping[str, int],
    dsn: str,
    bootstrap: str,
    topics: TopicNames,
) -> Account:
    """Draw up the account of all records, and hold the engine's own count and place against it."""
    account = draw_up(records, _letters(bootstrap, topics), _rows(dsn), topic=topics.orders)
    # what is read again after a rebalance is counted again
    if counted["stored"] < account.stored or counted["buried"] < account.buried:
        account.problems.append(f"the engine counted {counted}")
    if (place := committed(bootstrap, topics)) != account.records:
        account.problems.append(f"the group has done with {place} of {account.records} records")
    return account


def _letters(bootstrap: str, topics: TopicNames) -> Iterator[Record]:
    tail = KafkaTail(cluster=Cluster(brokers=bootstrap, client_id="audit"), topic=topics.dlq)
    return read_to_the_end(tail.look_from({0: 0}, timeout=10))


def _rows(dsn: str) -> dict[int, Row]:
    with psycopg.connect(dsn) as connection:
        return {row[0]: Row(*row) for row in connection.execute(_ROWS)}


def committed(bootstrap: str, topics: TopicNames) -> int:
    """Return with how many records the group has done."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": topics.group})
    try:
        asked = [TopicPartition(topics.orders, number) for number in range(PARTITIONS)]
        return sum(max(place.offset, 0) for place in consumer.committed(asked, timeout=10))
    finally:
        consumer.close()
