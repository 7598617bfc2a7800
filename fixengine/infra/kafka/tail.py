"""The end of a topic, from a moment or from places on, read by nobody's group."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from math import inf
from time import monotonic
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
from fixengine.infra.kafka.records import record_of
from fixengine.infra.kafka.words import unreadable
from fixengine.ports.kafka import Record

_SETTINGS: dict[str, Any] = {
    "group.id": "fixengine-tail",  # required, and never joined
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
    "enable.partition.eof": True,
    "isolation.level": "read_uncommitted",
    "allow.auto.create.topics": False,
    "fetch.wait.max.ms": 10,
    "queued.max.messages.kbytes": 4_096,
    "socket.timeout.ms": 5_000,
}
_BATCH = 2_000
_STEP = 0.1
_PATIENCE = 10.0
"""Seconds that a broker may bring nothing before the end."""

_READ_WITHIN = 5.0


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
    ) -> None:
        """Take the parts; with `committed_only` transactions count that were committed."""
        self._topic = topic
        self._brokers = cluster.brokers
        self._settings: dict[str, Any] = {
            **cluster.connection(),
            **_SETTINGS,
            **({"isolation.level": "read_committed"} if committed_only else {}),
        }

    def look(self, since: datetime, *, timeout: float) -> "Look":
        """Begin to read what has come since then by the broker's time.

        Raises UnavailableError when the broker does not answer within `timeout` seconds.
        """
        moment = int(since.timestamp() * 1000)
        return self._look(lambda consumer: self._since(consumer, moment, timeout))

    def look_from(
        self, places: Mapping[int, int], *, timeout: float, in_turn: bool = False
    ) -> "Look":
        """Begin to read those partitions, each from an offset on; those that are gone are empty.

        With `in_turn` one partition is read after the other, the lowest first. Raises
        UnavailableError when the broker does not answer within `timeout` seconds.
        """
        return self._look(
            lambda consumer: [
                TopicPartition(self._topic, partition, places[partition])
                for partition in self._partitions(consumer, timeout)
                if partition in places
            ],
            in_turn=in_turn,
        )

    def beginnings(self, since: datetime, *, timeout: float) -> Mapping[int, Beginning]:
        """Return where what has come since then by the broker's time begins, by partition.

        Raises UnavailableError when the broker does not answer within `timeout` seconds.
        """
        moment = int(since.timestamp() * 1000)
        with self._consumer() as consumer:
            earliest = self._edges(consumer, OFFSET_BEGINNING, timeout)
            ends = self._edges(consumer, OFFSET_END, timeout)
            return {
                each.partition: Beginning(
                    offset=each.offset if each.offset >= 0 else ends[each.partition],
                    is_cut=0 < earliest[each.partition] >= each.offset >= 0
                    or 0 < earliest[each.partition] == ends[each.partition],
                    earliest=earliest[each.partition],
                )
                for each in self._since(consumer, moment, timeout)
            }

    def find(self, partition: int, offset: int) -> "Look":
        """Begin to look for a record: the first that comes, if any does before the end."""
        place = TopicPartition(self._topic, partition, offset)
        return Look(Consumer(self._settings), [place], batch=1)

    def read(self, partition: int, offset: int) -> Record | None:
        """Return the record at a place; None when the topic no longer has it, or not yet.

        Raises UnavailableError when the broker does not answer.
        """
        look = self.look_from({partition: offset}, timeout=_READ_WITHIN)
        with closing(read_to_the_end(look, patience=_READ_WITHIN)) as records:
            record = next(records, None)
        return record if record is not None and record.offset == offset else None

    def _look(
        self, beginnings: Callable[[Consumer], list[TopicPartition]], *, in_turn: bool = False
    ) -> "Look":
        with self._consumer(stays=True) as consumer:
            return Look(consumer, beginnings(consumer), in_turn=in_turn)

    @contextmanager
    def _consumer(self, *, stays: bool = False) -> Iterator[Consumer]:
        """Lend a consumer, which stays open when all goes well and it is to stay."""
        connections = Connections(self._brokers)
        consumer = Consumer({**self._settings, "logger": connections.log})
        try:
            yield consumer
        except KafkaException as error:
            consumer.poll(0)  # why, its log says
            consumer.close()
            raise _unreadable(error.args[0], self._topic, connections.why()) from error
        if not stays:
            consumer.close()

    def _edges(self, consumer: Consumer, edge: int, timeout: float) -> Mapping[int, int]:
        """Return where each partition begins or ends: the two have reserved times."""
        return {each.partition: each.offset for each in self._since(consumer, edge, timeout)}

    def _partitions(self, consumer: Consumer, timeout: float) -> list[int]:
        topic = consumer.list_topics(self._topic, timeout=timeout).topics[self._topic]
        if topic.error is not None:
            raise KafkaException(topic.error)
        return list(topic.partitions)

    def _since(self, consumer: Consumer, moment: int, timeout: float) -> list[TopicPartition]:
        wanted = [
            TopicPartition(self._topic, partition, moment)
            for partition in self._partitions(consumer, timeout)
        ]
        found = consumer.offsets_for_times(wanted, timeout=timeout)
        for partition in found:
            if partition.error is not None:
                raise KafkaException(partition.error)
        return found


class Look:
    """Reads each partition from its beginning until it was at the end of it once.

    The end is where it was when the first record came, for it may go away faster than it is read.
    `reached` is where to read on, by partition.
    """

    def __init__(
        self,
        consumer: Consumer,
        beginnings: list[TopicPartition],
        *,
        batch: int = _BATCH,
        in_turn: bool = False,
    ) -> None:
        """Take a consumer, where it is to begin, and the most records of one `read`.

        With `in_turn` one partition is read after the other.
        """
        self._consumer: Consumer | None = consumer
        self._batch = batch
        by_number = sorted(beginnings, key=lambda each: each.partition)
        self._turns = [[each] for each in by_number] if in_turn else [beginnings]
        self._unread: set[int] = set()
        self._ends: dict[int, int] = {}
        self.reached: dict[int, int] = {}

    def read(self, timeout: float) -> tuple[Record, ...] | None:
        """Return the next records, waiting `timeout` seconds; None at the end.

        Raises UnavailableError when the broker refuses.
        """
        assert self._consumer is not None, "closed"
        while not self._unread:
            if not self._turns:
                return None
            turn = self._turns.pop(0)
            self._consumer.assign(turn)
            self._unread = {each.partition for each in turn}
        records: list[Record] = []
        for message in self._consumer.consume(self._batch, timeout):
            error = message.error()
            if error is None:
                record = record_of(message)
                records.append(record)
                self._reach(record.partition, record.offset + 1)
                if record.offset + 1 >= self._end(record):
                    self._unread.discard(record.partition)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its only name
                self._unread.discard(message.partition() or 0)
                self._reach(message.partition() or 0, message.offset() or 0)
            # one without a topic is of the group, and nobody asked for that
            elif (topic := message.topic()) and not error.retriable():
                raise _unreadable(error, topic)
        return tuple(records)

    def _reach(self, partition: int, offset: int) -> None:
        self.reached[partition] = max(self.reached.get(partition, 0), offset)

    def _end(self, record: Record) -> float:
        """Return the offset at which the partition of a record, when its first came, ended."""
        end = self._ends.get(record.partition)
        if end is None:
            assert self._consumer is not None
            place = TopicPartition(record.topic, record.partition)
            _, end = self._consumer.get_watermark_offsets(place, cached=True)
            if end < 0:  # not known
                return inf
            self._ends[record.partition] = end
        return end

    def close(self) -> None:
        """Leave. Safe to call twice."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()


def _unreadable(error: KafkaError, topic: str, silence: str = "") -> UnavailableError:
    words = unreadable(error.code(), error.str(), topic=topic, silence=silence)
    return UnavailableError(words)


def read_to_the_end(look: Look, *, patience: float = _PATIENCE) -> Generator[Record, None, None]:
    """Yield the records of a look and end it; raises UnavailableError when they cease to come."""
    try:
        heard = monotonic()
        while (records := look.read(_STEP)) is not None:
            yield from records
            if records:
                heard = monotonic()
            elif monotonic() - heard > patience:
                raise UnavailableError(
                    f"a topic can't be read to its end: nothing came for {patience:g} s"
                )
    finally:
        look.close()
