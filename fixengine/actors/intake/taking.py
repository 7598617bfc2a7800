"""The orders topic: records are taken from it, and committed once their fate is final."""

from collections.abc import Callable
from time import monotonic

from loguru import logger

from fixengine.errors import UnavailableError
from fixengine.ports.kafka import OrderSource, Record
from fixengine.rules.offsets import Offsets
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.metrics.consumer import ConsumerMetrics
from fixengine.wire.shortening import size

ENOUGH_IN_HAND = 4_000
"""Unfinished records at which no more are taken. Those that wait for their dead letters do not
count.
"""

ENOUGH_BYTES = 8 * 2**20
"""Bytes of unfinished records at which no more are taken."""

POLLS_GO_ON = 20.0
"""Seconds within which the next poll comes, whatever the last one brought."""


class Taking:
    """Takes records from the source, and knows which of them are in hand.

    A record that was taken and is not committed comes again after a crash or a rebalance.
    """

    def __init__(self, source: OrderSource, health: Health, metrics: ConsumerMetrics) -> None:
        self._source = source
        self._health = health
        self._metrics = metrics
        self._offsets = Offsets()
        self._full = False

    def __len__(self) -> int:
        """Return how many records are in hand."""
        return len(self._offsets)

    def open(
        self,
        *,
        on_revoked: Callable[[frozenset[int]], None],
        on_lost: Callable[[frozenset[int]], None],
    ) -> None:
        """Join the group; from now on a poll may bring partitions, and take them away."""
        self._source.open(on_revoked=on_revoked, on_lost=on_lost)

    def take(self, limit: int, patience: float) -> tuple[Record, ...]:
        """Take up to `limit` records in hand; wait `patience` seconds for the first."""
        began = monotonic()
        records = self._source.poll(limit, patience)
        self._metrics.polled(monotonic() - began, (record.partition for record in records))
        self._metrics.assigned.set(len(self._source.assigned))
        self._tell_of_the_group()
        for record in records:
            self._offsets.begin(record.partition, record.offset, size=size(record), what=record)
        for partition, offset in self._source.reached.items():
            self._offsets.reach(partition, offset)
        for partition, number in self._source.unread.items():
            self._metrics.unread.inc(number)
            logger.bind(partition=partition, orders=number).error(
                "orders were deleted before they were read"
            )
        return records

    def set_aside(self, record: Record, kept: Record) -> None:
        """Stop counting an unfinished record as in hand; `kept` is what is left of it."""
        self._offsets.set_aside(record.partition, record.offset, what=record, kept=kept)

    def finish(self, record: Record) -> None:
        """Let a record go."""
        self._offsets.finish(record.partition, record.offset, what=record)

    def commit(self) -> None:
        """Commit up to the oldest unfinished record of each partition, if that has moved."""
        if self._source.commit_failed():
            self._offsets.recommit()
        positions = self._offsets.committable()
        if not positions:
            return
        try:
            self._source.commit(positions)
        except UnavailableError as error:
            logger.bind(reason=str(error)).debug("offsets are committed later")
        else:
            self._offsets.committed(positions)

    def regulate(self, *, stalled: bool, crowded: frozenset[int]) -> None:
        """Pause all partitions once enough is in hand, until half of it is done.

        Where too many dead letters wait, only their partitions pause: those that are `crowded`.
        """
        margin = 2 if self._full else 1
        self._full = (
            stalled
            or len(self._offsets) >= ENOUGH_IN_HAND // margin
            or self._offsets.size >= ENOUGH_BYTES // margin
        )
        self._source.pause(self._source.assigned if self._full else crowded)

    def forget(self, partitions: frozenset[int]) -> None:
        """Drop the unfinished records of partitions that another engine has now."""
        self._offsets.forget(partitions)

    def close(self, deadline: float) -> None:
        """Commit as `commit` does, and leave the group, within `deadline` seconds."""
        self._offsets.recommit()
        self._source.close(self._offsets.committable(), deadline)

    def _tell_of_the_group(self) -> None:
        standing = self._source.standing()
        if standing.up:
            self._health.up(Part.CONSUMER, standing.said, lasts=POLLS_GO_ON)
        elif not standing.early:
            self._health.down(Part.CONSUMER, standing.said)
