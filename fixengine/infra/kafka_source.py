"""Orders in: a consumer of the `orders` topic whose offsets are committed by hand."""

from collections.abc import Callable, Iterable, Mapping
from logging import getLogger
from threading import Thread
from time import monotonic, sleep
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from loguru import logger

from fixengine.errors import UnavailableError
from fixengine.infra.kafka_absence import Absence
from fixengine.infra.kafka_anew import TopicWatch
from fixengine.infra.kafka_log import ClientLog
from fixengine.infra.kafka_membership import Membership
from fixengine.infra.kafka_positions import Positions
from fixengine.infra.kafka_records import record_of
from fixengine.infra.kafka_words import unreached
from fixengine.ports import Record, Standing
from fixengine.recurring import Recurring

SETTINGS: dict[str, Any] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    "partition.assignment.strategy": "range",
    "allow.auto.create.topics": False,
    "session.timeout.ms": 10_000,
    "heartbeat.interval.ms": 1_000,
    "max.poll.interval.ms": 60_000,
    # a topic or partitions that come later are picked up within this time
    "topic.metadata.refresh.interval.ms": 2_000,
    "fetch.wait.max.ms": 100,
    # the default of 64 MiB read ahead does not fit the pod
    "queued.max.messages.kbytes": 4_096,
    "fetch.queue.backoff.ms": 20,  # what is read ahead is soon used up
    "fetch.message.max.bytes": 262_144,
    # where nothing is left to read, only the end says so
    "enable.partition.eof": True,
    "statistics.interval.ms": 1_000,
}
_NO_TOPIC = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC}  # noqa: SLF001 - its name
_ASK_AGAIN = 5.0  # seconds between tries to read what was denied
_LEAVE_WITHIN = 5.0
_REBALANCE = 10.0
"""Seconds that a rebalance takes when a member that is gone was missed."""


class KafkaSource:
    """One member of the consumer group; all methods are for one thread alone.

    A consumer that can't go on is replaced by another after a rest.
    """

    assigned: frozenset[int]
    _paused: frozenset[int]

    def __init__(
        self,
        *,
        brokers: str,
        group: str,
        topic: str,
        client_id: str,
        client_config: Mapping[str, object],
    ) -> None:
        self._brokers = frozenset(brokers.split(","))
        self._group = group
        self._topic = topic
        self._connection: dict[str, Any] = {
            **client_config,
            "bootstrap.servers": brokers,
            "client.id": client_id,
            "logger": getLogger("librdkafka"),
        }
        self._settings: dict[str, Any] = {**SETTINGS, **self._connection, "group.id": group}
        self._consumer: Consumer | None = None
        self._on_revoked: Callable[[frozenset[int]], None] = lambda _: None
        self._on_lost: Callable[[frozenset[int]], None] = lambda _: None
        self._gone: frozenset[int] = frozenset()
        instance = self._settings.get("group.instance.id")
        self._absence = Absence(
            group=group,
            topic=topic,
            instance=None if instance is None else str(instance),
            connection=self._connection,
        )
        self._fatal = ""
        self._commit_failed = False
        self._watch = TopicWatch(self._connection, topic)
        self._anew: frozenset[int] = frozenset()
        self._ask_again_at = 0.0
        self._errors = Recurring("WARNING", "a poll brought an error")
        self._start_over()

    @property
    def reached(self) -> Mapping[int, int]:
        """The next offsets to read of the partitions that the last poll brought something of."""
        return self._positions.reached

    @property
    def unread(self) -> Mapping[int, int]:
        """How many records of a partition, the last poll found, were deleted unread."""
        return self._positions.unread

    def open(
        self,
        *,
        on_revoked: Callable[[frozenset[int]], None],
        on_lost: Callable[[frozenset[int]], None],
    ) -> None:
        """Subscribe; partitions arrive during later polls, also when the topic comes later.

        During a poll `on_revoked` is called with partitions that are about to go, and may commit;
        `on_lost` with those that others have already, where a commit would be refused.
        """
        self._on_revoked, self._on_lost = on_revoked, on_lost
        self._subscribe()

    def poll(self, limit: int, timeout: float) -> tuple[Record, ...]:
        """Return up to `limit` records, waiting `timeout` seconds for the first."""
        self._positions.begin()
        consumer = self._consumer
        if consumer is None:
            self._stay_away(timeout)
            return ()
        first = consumer.poll(timeout)
        self._gone = frozenset()
        messages: list[Message] = []
        if first is not None:
            rest = consumer.consume(limit - 1, 0) if limit > 1 else []
            # the second call may have taken away the partition of what the first brought; what a
            # call returns by itself is of its last assignment, perhaps of one that went and came
            messages = rest if first.partition() in self._gone else [first, *rest]
        records = tuple(record_of(message) for message in messages if self._is_record(message))
        if self._fatal:
            self._go_away()
            return ()  # whoever gets these partitions reads it again
        self._look_after()
        return records

    def standing(self) -> Standing:
        """Say whether this member has its place in the group."""
        if self._absence.reason:
            return Standing(up=False, said=self._absence.reason)
        return self._membership.standing()

    def commit(self, positions: Mapping[int, int]) -> None:
        """Hand the next offsets to read, by partition, to the broker without waiting.

        Raises UnavailableError when the group has no place for them right now.
        """
        if self._consumer is None:
            raise UnavailableError("offsets are not committed: there is no consumer now")
        try:
            self._consumer.commit(offsets=self._offsets(positions), asynchronous=True)
        except KafkaException as error:
            raise UnavailableError(f"offsets are not committed: {error}") from error

    def commit_failed(self) -> bool:
        """Say whether the broker has refused a commit since the last call."""
        failed, self._commit_failed = self._commit_failed, False
        return failed

    def pause(self, partitions: frozenset[int]) -> None:
        """Receive nothing of these and go on with others; polling keeps the place either way."""
        before, self._paused = self._paused, partitions
        consumer = self._consumer
        if consumer is None:
            return
        if begun := (partitions - before) & self.assigned:
            consumer.pause(self._places(begun))
        if ended := (before - partitions) & self.assigned:
            consumer.resume(self._places(ended))

    def close(self, positions: Mapping[int, int], deadline: float) -> None:
        """Commit the next offsets to read by partition and leave the group.

        Gives up waiting after `deadline` seconds. Safe to call twice.
        """
        # from here on its callbacks, which the thread below would call, are passed over
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        closing = Thread(
            target=self._leave, args=(consumer, positions), name="leave-group", daemon=True
        )
        closing.start()
        closing.join(deadline)
        if closing.is_alive():
            logger.bind(deadline=deadline).warning("the group was left without the broker's word")

    def _leave(self, consumer: Consumer, positions: Mapping[int, int]) -> None:
        try:
            if positions:
                consumer.commit(offsets=self._offsets(positions), asynchronous=False)
        except KafkaException as error:
            logger.bind(error=str(error)).warning("the last offsets were not committed")
        consumer.close()

    def _start_over(self) -> None:
        """Forget what the last consumer was told."""
        self.assigned = self._paused = frozenset()
        self._positions = Positions()
        self._membership = Membership(
            group=self._group,
            topic=self._topic,
            patience=float(self._settings["session.timeout.ms"]) / 1000 + _REBALANCE,
        )

    def _subscribe(self) -> None:
        self._consumer = Consumer(
            {
                **self._settings,
                "error_cb": self._on_error,
                "on_commit": self._on_commit,
                "stats_cb": self._membership.measured,
                "logger": ClientLog(self._logged),
            }
        )
        self._consumer.subscribe(
            [self._topic],
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._lost,
        )

    def _go_away(self) -> None:
        """Give up a consumer that can't go on, and with it its partitions."""
        self._absence.begin(self._fatal)
        self._fatal = ""
        gone = self.assigned
        self.close({}, _LEAVE_WITHIN)
        self._start_over()
        self._on_lost(gone)

    def _stay_away(self, timeout: float) -> None:
        """Make another consumer when it is time, else let the time of a poll pass."""
        if self._absence.over():
            self._subscribe()
        else:
            sleep(timeout)

    def _look_after(self) -> None:
        """See to what polls don't see to by themselves."""
        if self._watch.made_anew():
            logger.bind(topic=self._topic).warning(
                "the topic was made anew, it is read from its beginning"
            )
            self._anew = self.assigned
        if self._watch.missing and not self.assigned:
            self._membership.missing()
        beginnings = dict.fromkeys(self._anew, OFFSET_BEGINNING)
        self._anew -= self._sought(beginnings)
        if self._membership.denied and monotonic() >= self._ask_again_at:
            # once read to its end, a partition that may be read again would say nothing
            self._sought(self._membership.denied)
            self._ask_again_at = monotonic() + _ASK_AGAIN

    def _sought(self, places: Mapping[int, int]) -> frozenset[int]:
        """Read partitions on from other places; return those where that is possible now."""
        done: set[int] = set()
        for place in self._offsets(places):
            try:
                self._opened().seek(place)
            except KafkaException as error:  # one that has just come, or is about to go
                logger.bind(error=str(error)).debug("a partition is sought again later")
            else:
                done.add(place.partition)
        return frozenset(done)

    def _offsets(self, positions: Mapping[int, int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, part, at) for part, at in positions.items()]

    def _places(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition) for partition in partitions]

    def _opened(self) -> Consumer:
        assert self._consumer is not None, "open() comes first"
        return self._consumer

    def _is_record(self, message: Message) -> bool:
        """Say whether it is one, and take note of it."""
        error, partition, offset = message.error(), message.partition(), message.offset()
        if error is None or error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its name
            assert partition is not None
            assert offset is not None
            (self._positions.came if error is None else self._positions.ended)(partition, offset)
            self._membership.heard(partition)
            return error is None
        if error.code() in _NO_TOPIC:
            self._membership.missing()
        elif error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - its name
            self._fatal = error.str()
        else:
            # what is not of a partition has no offset
            place = None if offset is None or offset < 0 else partition
            if not self._membership.refused(
                error.code(), error.str(), partition=place, offset=offset or 0
            ):
                self._errors.happened(error=error.str())
        return False

    # Callbacks run inside poll and must never raise: what poll has taken would be lost.

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if consumer is not self._consumer:
            return
        self.assigned |= {partition.partition for partition in partitions}
        consumer.assign(partitions)
        # librdkafka remembers a pause from an earlier assignment of the same partition
        consumer.resume(partitions)
        self._membership.assigned(self.assigned)
        logger.bind(partitions=len(self.assigned)).info("partitions assigned")

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if consumer is self._consumer:
            self._on_revoked(self._dropped(partitions))

    def _lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if consumer is self._consumer:
            self._on_lost(self._dropped(partitions))

    def _dropped(self, partitions: list[TopicPartition]) -> frozenset[int]:
        gone = frozenset(partition.partition for partition in partitions)
        self.assigned -= gone
        self._paused -= gone
        self._gone |= gone
        self._anew -= gone
        self._positions.forget(gone)
        self._membership.dropped(gone)
        logger.bind(partitions=len(gone)).info("partitions revoked")
        return gone

    def _on_commit(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        refused = error or next((p.error for p in partitions if p.error), None)
        if refused is not None:
            self._commit_failed = True
            logger.bind(error=refused.str()).debug("offsets were not committed")

    def _on_error(self, error: KafkaError) -> None:
        logger.bind(error=error.str()).debug("consumer error")

    def _logged(self, facility: str, line: str) -> None:
        if facility == "OFFSET":
            self._positions.logged(line)
        elif facility == "FAIL" and (failed := unreached(line)) is not None:
            self._membership.failed(failed.words(self._brokers))
