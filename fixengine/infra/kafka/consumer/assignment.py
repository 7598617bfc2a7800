"""Which partitions are a consumer's: what the group gives to it and takes away during its calls."""

from collections.abc import Callable, Iterable

from confluent_kafka import Consumer, TopicPartition
from loguru import logger

from fixengine.infra.kafka.consumer.membership import Membership
from fixengine.infra.kafka.consumer.places import Places
from fixengine.infra.kafka.consumer.positions import Positions

Told = Callable[[frozenset[int]], None]
"""Takes the partitions that go, or are gone."""


class Assignment:
    """Tells all who keep something by partition what comes and goes.

    The driver calls `given`, `revoked` and `lost` inside its own calls. They must never raise: what
    the call has taken from the queue would be lost.
    """

    def __init__(
        self,
        topic: str,
        *,
        places: Places,
        positions: Positions,
        membership: Membership,
        on_revoked: Told,
        on_lost: Told,
    ) -> None:
        self.partitions: frozenset[int] = frozenset()
        self._topic = topic
        self._places = places
        self._positions = positions
        self._membership = membership
        self._on_revoked, self._on_lost = on_revoked, on_lost
        self._paused: frozenset[int] = frozenset()
        self._gone: frozenset[int] = frozenset()
        self._over = False

    def begin_call(self) -> None:
        """Forget what went during an earlier call."""
        self._gone = frozenset()

    def went(self, partition: int | None) -> bool:
        """Say whether the call has taken away a partition, which it may have given again."""
        return partition in self._gone

    def pause(self, consumer: Consumer, partitions: frozenset[int]) -> None:
        """Receive nothing of these, and go on with others."""
        before, self._paused = self._paused, partitions
        if begun := (partitions - before) & self.partitions:
            consumer.pause(self._parts(begun))
        if ended := (before - partitions) & self.partitions:
            consumer.resume(self._parts(ended))

    def end(self) -> None:
        """Pass over whatever the driver tells from now on, in whatever thread."""
        self._over = True

    def given(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Take on what the group has given."""
        if self._over:
            return
        self.partitions |= _numbers(partitions)
        consumer.assign(partitions)
        # librdkafka remembers a pause from an earlier assignment of the same partition
        consumer.resume(partitions)
        self._places.taken(consumer, partitions)
        self._membership.assigned(self.partitions)
        logger.bind(partitions=len(self.partitions)).info("partitions assigned")

    def revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        """Let go of what the group wants back; `on_revoked` may still commit it."""
        self._drop(_numbers(partitions), self._on_revoked)

    def lost(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        """Let go of what others may have already: a commit would be refused."""
        self._drop(_numbers(partitions), self._on_lost)

    def _drop(self, partitions: frozenset[int], tell: Told) -> None:
        if self._over:
            return
        self.partitions -= partitions
        self._paused -= partitions
        self._gone |= partitions
        self._positions.forget(partitions)
        self._membership.dropped(partitions)
        logger.bind(partitions=len(partitions)).info("partitions revoked")
        tell(partitions)
        self._places.dropped(partitions)  # only now, for they may have been committed

    def _parts(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition) for partition in partitions]


def _numbers(partitions: Iterable[TopicPartition]) -> frozenset[int]:
    return frozenset(partition.partition for partition in partitions)
