"""One reading of a topic, from its beginnings to what was its end."""

from collections.abc import Generator
from math import inf
from time import monotonic

from confluent_kafka import Consumer, KafkaError, TopicPartition

from fixengine.errors import UnavailableError
from fixengine.infra.kafka.records import record_of
from fixengine.infra.kafka.words import unreadable
from fixengine.ports.kafka import Record

MOST_AT_ONCE = 2_000
"""Records that one `read` returns at the most."""

SILENT_FOR = 10.0
"""Seconds without a record after which the broker counts as silent."""

_READ_SECONDS = 0.1
"""How long one `read` waits; silence is found out between two."""


class KafkaLook:
    """Reads each partition from its beginning to its end, once.

    Where a partition ended when its first record came is its end: records may come faster than
    they are read. `reached` is where to read on, by partition.
    """

    def __init__(
        self,
        consumer: Consumer,
        beginnings: list[TopicPartition],
        *,
        most_at_once: int = MOST_AT_ONCE,
        in_turn: bool = False,
    ) -> None:
        """Take a consumer, where it is to begin, and how many records a `read` returns at most.

        With `in_turn` one partition is read after the other.
        """
        self._consumer: Consumer | None = consumer
        self._most_at_once = most_at_once
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
        for message in self._consumer.consume(self._most_at_once, timeout):
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
            # an error without a topic is of the group, which nobody asked for
            elif (topic := message.topic()) and not error.retriable():
                raise UnavailableError(unreadable(error.code(), error.str(), topic=topic))
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


def read_to_the_end(
    look: KafkaLook, *, silent_for: float = SILENT_FOR
) -> Generator[Record, None, None]:
    """Yield the records of a look and end it; raises UnavailableError when they cease to come."""
    try:
        heard = monotonic()
        while (records := look.read(_READ_SECONDS)) is not None:
            yield from records
            if records:
                heard = monotonic()
            elif monotonic() - heard > silent_for:
                raise UnavailableError(
                    f"a topic can't be read to its end: nothing came for {silent_for:g} s"
                )
    finally:
        look.close()
