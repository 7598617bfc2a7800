"""The end of a topic, from a moment or from places on, read by a consumer in no group."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from fixengine.errors import UnavailableError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.connections import Connections
from fixengine.infra.kafka.log import ClientLog
from fixengine.infra.kafka.look import MOST_AT_ONCE, SILENT_FOR, KafkaLook, read_to_the_end
from fixengine.infra.kafka.topic_offsets import offsets_at, partitions_of
from fixengine.infra.kafka.words import unreadable
from fixengine.ports.kafka import Record

_SETTINGS: dict[str, Any] = {
    "group.id": "fixengine-tail",  # required, and never joined
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
    "enable.partition.eof": True,
    "allow.auto.create.topics": False,
    "fetch.wait.max.ms": 10,
    # bounds what is in memory: compressed, it may become ten times as much, of each partition
    "fetch.message.max.bytes": 65_536,
    "queued.max.messages.kbytes": 4_096,
    "fetch.queue.backoff.ms": 20,
    "socket.timeout.ms": 5_000,
}
_RECORD_WITHIN = 5.0
"""Seconds in which a single record is found, and in which it comes."""

# a connection that is dead but not closed is tried anew before the broker counts as silent
assert _SETTINGS["socket.timeout.ms"] < SILENT_FOR * 1000


class Beginning(NamedTuple):
    """Where what has come to a partition since a moment begins.

    `is_cut`: the broker may have deleted some of it. `earliest`: where the partition begins.
    """

    offset: int
    is_cut: bool
    earliest: int = 0


class KafkaTail:
    """Each look has a consumer of its own, which exists as long as the look."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        topic: str,
        committed_only: bool = False,
        most_at_once: int = MOST_AT_ONCE,
    ) -> None:
        """Take the parts, and how many records one `read` of a look returns at the most.

        With `committed_only`, records of a transaction count only when it was committed.
        """
        self._cluster = cluster
        self._topic = topic
        self._isolation = "read_committed" if committed_only else "read_uncommitted"
        self._most_at_once = most_at_once

    def look(self, since: datetime, *, timeout: float) -> KafkaLook:
        """Begin to read what has come since then by the broker's time.

        Raises UnavailableError when the broker does not answer within `timeout` seconds.
        """
        moment = int(since.timestamp() * 1000)

        def beginnings(consumer: Consumer) -> Mapping[int, int]:
            partitions = partitions_of(self._topic, consumer, timeout=timeout)
            return offsets_at(moment, self._topic, partitions, consumer, timeout=timeout)

        return self._look(beginnings)

    def look_from(
        self, places: Mapping[int, int], *, timeout: float, in_turn: bool = False
    ) -> KafkaLook:
        """Begin to read those partitions, each from an offset on; those that are gone are empty.

        With `in_turn` one partition is read after the other, the lowest first. Raises
        UnavailableError when the broker does not answer within `timeout` seconds.
        """
        return self._look(
            lambda consumer: {
                partition: places[partition]
                for partition in partitions_of(self._topic, consumer, timeout=timeout)
                if partition in places
            },
            in_turn=in_turn,
        )

    def beginnings(self, since: datetime, *, timeout: float) -> Mapping[int, Beginning]:
        """Return where what has come since then by the broker's time begins, by partition.

        Raises UnavailableError when the broker does not answer within `timeout` seconds.
        """
        moment = int(since.timestamp() * 1000)
        with self._consumer() as consumer:
            partitions = partitions_of(self._topic, consumer, timeout=timeout)
            earliest, ends, found = (
                offsets_at(when, self._topic, partitions, consumer, timeout=timeout)
                for when in (OFFSET_BEGINNING, OFFSET_END, moment)
            )
            return {
                partition: Beginning(
                    offset=offset if offset >= 0 else ends[partition],
                    is_cut=0 < earliest[partition] >= offset >= 0
                    or 0 < earliest[partition] == ends[partition],
                    earliest=earliest[partition],
                )
                for partition, offset in found.items()
            }

    def find(self, partition: int, offset: int) -> KafkaLook:
        """Begin to look for a record: the first that comes, if any does before the end."""
        place = TopicPartition(self._topic, partition, offset)
        return KafkaLook(self._new_consumer(), [place], most_at_once=1)

    def read(self, partition: int, offset: int) -> Record | None:
        """Return the record at a place; None when the topic no longer has it, or not yet.

        Raises UnavailableError when the broker does not answer.
        """
        look = self.look_from({partition: offset}, timeout=_RECORD_WITHIN)
        with closing(read_to_the_end(look, silent_for=_RECORD_WITHIN)) as records:
            record = next(records, None)
        return record if record is not None and record.offset == offset else None

    def _look(
        self, beginnings: Callable[[Consumer], Mapping[int, int]], *, in_turn: bool = False
    ) -> KafkaLook:
        with self._consumer(stays=True) as consumer:
            places = [TopicPartition(self._topic, *place) for place in beginnings(consumer).items()]
            return KafkaLook(consumer, places, most_at_once=self._most_at_once, in_turn=in_turn)

    @contextmanager
    def _consumer(self, *, stays: bool = False) -> Iterator[Consumer]:
        """Lend a consumer; one that `stays` is closed only when something goes wrong."""
        connections = Connections(self._cluster.brokers)
        consumer = self._new_consumer(connections.log)
        try:
            yield consumer
        except KafkaException as error:
            consumer.poll(0)  # why, its log says
            consumer.close()
            refused: KafkaError = error.args[0]
            raise UnavailableError(
                unreadable(
                    refused.code(), refused.str(), topic=self._topic, silence=connections.why()
                )
            ) from error
        if not stays:
            consumer.close()

    def _new_consumer(self, log: ClientLog | None = None) -> Consumer:
        own = {**_SETTINGS, "isolation.level": self._isolation}
        return Consumer({**self._cluster.connection(log), **own})
