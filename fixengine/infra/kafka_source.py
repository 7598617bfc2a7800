"""Orders in: a consumer of the `orders` topic whose offsets are committed by hand."""

from collections.abc import Callable, Iterable, Mapping
from logging import getLogger
from threading import Thread
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from loguru import logger

from fixengine.errors import UnavailableError
from fixengine.infra.kafka_records import record_of
from fixengine.ports import Record
from fixengine.recurring import Recurring

SETTINGS: dict[str, Any] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
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
}
_NO_TOPIC = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC}  # noqa: SLF001 - its name


class KafkaSource:
    """One member of the consumer group; all methods are for one thread alone."""

    def __init__(
        self,
        *,
        brokers: str,
        group: str,
        topic: str,
        client_id: str,
        client_config: Mapping[str, object],
    ) -> None:
        self._topic = topic
        self._settings: dict[str, Any] = {
            **SETTINGS,
            **client_config,
            "bootstrap.servers": brokers,
            "group.id": group,
            "client.id": client_id,
            "error_cb": self._on_error,
            "on_commit": self._on_commit,
            "logger": getLogger("librdkafka"),
        }
        self._consumer: Consumer | None = None
        self._on_revoked: Callable[[frozenset[int]], None] = lambda _: None
        self._on_lost: Callable[[frozenset[int]], None] = lambda _: None
        self._paused: frozenset[int] = frozenset()
        self._gone: frozenset[int] = frozenset()
        self._fatal: KafkaError | None = None
        self._commit_failed = False
        self.assigned: frozenset[int] = frozenset()
        self.topic_exists = True
        self._errors = Recurring("WARNING", "a poll brought an error")

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
        self._consumer = Consumer(self._settings)
        self._consumer.subscribe(
            [self._topic],
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._lost,
        )

    def poll(self, limit: int, timeout: float) -> tuple[Record, ...]:
        """Return up to `limit` records, waiting `timeout` seconds for the first.

        Raises KafkaException on an error that this consumer can't recover from.
        """
        consumer = self._opened()
        first = consumer.poll(timeout)
        self._gone = frozenset()
        if self._fatal is not None:
            raise KafkaException(self._fatal)
        if first is None:
            return ()
        rest = consumer.consume(limit - 1, 0) if limit > 1 else []
        # the second call may have taken away the partition of what the first brought; what a call
        # returns by itself is of its last assignment, perhaps of a partition that went and came
        kept = rest if first.partition() in self._gone else (first, *rest)
        return tuple(record_of(message) for message in kept if self._is_record(message))

    def commit(self, positions: Mapping[int, int]) -> None:
        """Hand the next offsets to read, by partition, to the broker without waiting.

        Raises UnavailableError when the group has no place for them right now.
        """
        try:
            self._opened().commit(offsets=self._offsets(positions), asynchronous=True)
        except KafkaException as error:
            raise UnavailableError(f"offsets are not committed: {error}") from error

    def commit_failed(self) -> bool:
        """Say whether the broker has refused a commit since the last call."""
        failed, self._commit_failed = self._commit_failed, False
        return failed

    def pause(self, partitions: frozenset[int]) -> None:
        """Receive nothing of these and go on with others; polling keeps the place either way."""
        consumer, before = self._opened(), self._paused
        self._paused = partitions
        if begun := (partitions - before) & self.assigned:
            consumer.pause(self._places(begun))
        if ended := (before - partitions) & self.assigned:
            consumer.resume(self._places(ended))

    def close(self, positions: Mapping[int, int], deadline: float) -> None:
        """Commit the next offsets to read by partition and leave the group.

        Gives up waiting after `deadline` seconds. Safe to call twice.
        """
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        # the thread below would call them, and they are for the caller's thread alone
        self._on_revoked = self._on_lost = lambda _: None
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

    def _offsets(self, positions: Mapping[int, int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, part, at) for part, at in positions.items()]

    def _opened(self) -> Consumer:
        assert self._consumer is not None, "open() comes first"
        return self._consumer

    def _is_record(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            self.topic_exists = True
            return True
        if error.code() in _NO_TOPIC:
            self.topic_exists = False
        else:
            self._errors.happened(error=error.str())
        return False

    def _places(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition) for partition in partitions]

    # Callbacks run inside poll and must never raise: what poll has taken would be lost.

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.topic_exists = True
        self.assigned |= {partition.partition for partition in partitions}
        consumer.assign(partitions)
        # librdkafka remembers a pause from an earlier assignment of the same partition
        consumer.resume(partitions)
        logger.bind(partitions=len(self.assigned)).info("partitions assigned")

    def _revoked(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._on_revoked(self._dropped(partitions))

    def _lost(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._on_lost(self._dropped(partitions))

    def _dropped(self, partitions: list[TopicPartition]) -> frozenset[int]:
        gone = frozenset(partition.partition for partition in partitions)
        self.assigned -= gone
        self._paused -= gone
        self._gone |= gone
        logger.bind(partitions=len(gone)).info("partitions revoked")
        return gone

    def _on_commit(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        refused = error or next((p.error for p in partitions if p.error), None)
        if refused is not None:
            self._commit_failed = True
            logger.bind(error=refused.str()).debug("offsets were not committed")

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal = error
        logger.bind(error=error.str()).debug("consumer error")
