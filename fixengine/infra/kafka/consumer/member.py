"""One consumer in its group: from its subscription until it leaves, or can't go on."""

from collections.abc import Mapping
from threading import Thread
from time import monotonic
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from loguru import logger

from fixengine.errors import UnavailableError
from fixengine.infra.kafka.consumer.assignment import Assignment, Told
from fixengine.infra.kafka.consumer.identity import Identity
from fixengine.infra.kafka.consumer.membership import Membership
from fixengine.infra.kafka.consumer.places import Places
from fixengine.infra.kafka.consumer.positions import Positions
from fixengine.infra.kafka.log import ClientLog
from fixengine.infra.kafka.records import record_of
from fixengine.infra.kafka.unreached import unreached
from fixengine.infra.kafka.words import NO_TOPIC
from fixengine.ports.kafka import Record, Standing
from fixengine.recurring import Recurring

_REBALANCE_SECONDS = 10.0
"""Time that a rebalance takes once the group has missed a member."""

_LET_GO_LOOK = 0.05
"""Seconds between looks at whether the partitions are given back."""

_DENIED_EVERY_SECONDS = 5.0
"""Time between two tries to read what this user may not read."""


class Member:
    """All methods are for one thread alone. `fatal` says why it can't go on, and is empty before.

    What it takes note of is kept by others: partitions by the assignment, offsets by positions and
    places, its standing by the membership.
    """

    def __init__(
        self,
        *,
        settings: Mapping[str, Any],
        connection: Mapping[str, Any],
        topic: str,
        name: str | None,
        on_revoked: Told,
        on_lost: Told,
    ) -> None:
        """Take a consumer's settings, and those of them by which any client connects.

        A member with a name keeps its place when it dies, until another joins under that name.
        """
        self.positions = Positions()
        self.fatal = ""
        self._topic = topic
        self._name = name
        self._brokers = frozenset(str(settings["bootstrap.servers"]).split(","))
        self._places = Places(topic, Identity(connection, topic))
        self._membership = Membership(
            group=str(settings["group.id"]),
            topic=topic,
            patience=float(settings["session.timeout.ms"]) / 1000 + _REBALANCE_SECONDS,
        )
        self._assignment = Assignment(
            topic,
            places=self._places,
            positions=self.positions,
            membership=self._membership,
            on_revoked=on_revoked,
            on_lost=on_lost,
        )
        self._errors = Recurring("WARNING", "a poll brought an error")
        self._ask_again_at = 0.0
        self._consumer = Consumer(
            {
                **settings,
                **({} if name is None else {"group.instance.id": name}),
                "error_cb": self._on_error,
                "on_commit": self._places.committed,
                "stats_cb": self._membership.measured,
                "logger": ClientLog(self._logged),
            }
        )

    @property
    def assigned(self) -> frozenset[int]:
        """The partitions that are this one's to read."""
        return self._assignment.partitions

    def subscribe(self) -> None:
        """Join the group; partitions arrive during later polls."""
        self._consumer.subscribe(
            [self._topic],
            on_assign=self._assignment.given,
            on_revoke=self._assignment.revoked,
            on_lost=self._assignment.lost,
        )

    def poll(self, limit: int, timeout: float) -> tuple[Record, ...]:
        """Return up to `limit` records, waiting `timeout` seconds for the first."""
        self.positions.begin()
        # the driver's own poll wakes five times a second, in case a signal has come
        messages = self._consumer.consume(1, timeout)
        self._assignment.begin_call()
        if messages and limit > 1:
            rest = self._consumer.consume(limit - 1, 0)
            # the second call may have taken away the partition of what the first brought; what a
            # call returns by itself is of its last assignment, perhaps of one that went and came
            gone = self._assignment.went(messages[0].partition())
            messages = rest if gone else [*messages, *rest]
        records = tuple(record_of(message) for message in messages if self._is_record(message))
        if self.fatal:
            return ()  # whoever gets these partitions reads it again
        self._places.heard(self.positions.reached)
        self._look_after()
        return records

    def standing(self) -> Standing:
        """Say whether it has its place in the group."""
        return self._membership.standing()

    def commit(self, positions: Mapping[int, int]) -> None:
        """Hand the next offsets to read, by partition, to the broker without waiting.

        Raises UnavailableError when the group has no place for them right now.
        """
        try:
            self._consumer.commit(offsets=self._places.to_commit(positions), asynchronous=True)
        except KafkaException as error:
            raise UnavailableError(f"offsets are not committed: {error}") from error

    def commit_failed(self) -> bool:
        """Say whether the broker has refused a commit since the last call."""
        return self._places.commit_failed()

    def pause(self, partitions: frozenset[int]) -> None:
        """Receive nothing of these and go on with others; polling keeps the place either way."""
        self._assignment.pause(self._consumer, partitions)

    def leave(self, positions: Mapping[int, int], deadline: float) -> None:
        """Commit the next offsets to read by partition, and leave the group.

        Gives up waiting after `deadline` seconds.
        """
        self._assignment.end()  # the thread below would tell of it
        leaving = Thread(
            target=self._leave, args=(positions, deadline), name="leave-group", daemon=True
        )
        leaving.start()
        leaving.join(deadline)
        if leaving.is_alive():
            logger.bind(deadline=deadline).warning("the group was left without the broker's word")

    def _leave(self, positions: Mapping[int, int], deadline: float) -> None:
        try:
            if positions:
                offsets = self._places.to_commit(positions)
                self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            logger.bind(error=str(error)).warning("the last offsets were not committed")
        if self._name is not None and not self.fatal:  # then it may be another's
            self._give_up_place(deadline)
        self._consumer.close()
        self._places.close()

    def _give_up_place(self, deadline: float) -> None:
        """Have the group forget the name: the driver only says so when nothing is subscribed."""
        until = monotonic() + deadline
        try:
            self._consumer.unsubscribe()
            while self._consumer.assignment() and monotonic() < until:
                self._consumer.poll(_LET_GO_LOOK)
        except KafkaException as error:  # no poll has told yet that the name is another's now
            logger.bind(error=str(error)).debug("there is no place to give up")

    def _look_after(self) -> None:
        """See to what polls don't see to by themselves."""
        self._places.look_after(self._consumer)
        if self._places.topic_is_missing and not self.assigned:
            self._membership.missing()
        if self._membership.denied and monotonic() >= self._ask_again_at:
            # once read to its end, a partition that may be read again would say nothing
            self._places.seek(self._consumer, self._membership.denied)
            self._ask_again_at = monotonic() + _DENIED_EVERY_SECONDS

    def _is_record(self, message: Message) -> bool:
        """Say whether it is one, and take note of it."""
        error, partition, offset = message.error(), message.partition(), message.offset()
        if error is None or error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its name
            assert partition is not None
            assert offset is not None
            (self.positions.came if error is None else self.positions.ended)(partition, offset)
            self._membership.heard(partition)
            return error is None
        if error.code() in NO_TOPIC:
            self._membership.missing()
        elif error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - its name
            self.fatal = error.str()
        else:
            # an error that is of no partition has no offset
            place = None if offset is None or offset < 0 else partition
            if not self._membership.refused(
                error.code(), error.str(), partition=place, offset=offset or 0
            ):
                self._errors.happened(error=error.str())
        return False

    # the driver calls these inside its own calls; they must never raise

    def _on_error(self, error: KafkaError) -> None:
        logger.bind(error=error.str()).debug("consumer error")

    def _logged(self, facility: str, line: str) -> None:
        if facility == "OFFSET":
            self.positions.logged(line)
        elif facility == "FAIL" and (failed := unreached(line)) is not None:
            self._membership.failed(failed.words(self._brokers))
