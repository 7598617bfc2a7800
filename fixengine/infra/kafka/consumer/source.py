"""Orders in: a consumer of the `orders` topic whose offsets are committed by hand."""

from collections.abc import Mapping
from time import sleep
from typing import Any

from fixengine.config.parsing import LONGEST_PAUSE
from fixengine.errors import UnavailableError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.connections import rested
from fixengine.infra.kafka.consumer.absence import Absence
from fixengine.infra.kafka.consumer.assignment import Told
from fixengine.infra.kafka.consumer.member import Member
from fixengine.infra.kafka.consumer.place_search import PlaceSearch, TakePlace
from fixengine.ports.kafka import Record, Standing

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
    # the broker answers at once where there is anything; what else it is asked waits for so long
    "fetch.wait.max.ms": 250,
    # the default of 64 MiB read ahead does not fit the pod; this is read for a tenth of a second
    "queued.max.messages.kbytes": 1_024,
    "fetch.max.bytes": 1_048_576,
    "fetch.queue.backoff.ms": 20,  # what is read ahead is soon used up
    "fetch.message.max.bytes": 262_144,
    # where nothing is left to read, only the end says so
    "enable.partition.eof": True,
    "statistics.interval.ms": 2_000,
}

_LEAVE_SECONDS = 5.0
"""Time for a member that can't go on to leave the group."""

# a member that misses two heartbeats keeps its place
assert 3 * SETTINGS["heartbeat.interval.ms"] <= SETTINGS["session.timeout.ms"]

# one that pauses between two orders for as long as it may be told to keeps its place, too
assert SETTINGS["max.poll.interval.ms"] > LONGEST_PAUSE * 1000

# a topic or partitions that come later are known before a member counts as gone
assert SETTINGS["topic.metadata.refresh.interval.ms"] < SETTINGS["session.timeout.ms"]


class KafkaSource:
    """A place in the consumer group; all methods are for one thread alone.

    A member that can't go on is replaced by another after a rest.
    """

    def __init__(
        self,
        *,
        cluster: Cluster,
        group: str,
        topic: str,
        take_place: TakePlace | None = None,
    ) -> None:
        """Take group and topic; without `take_place` the group gives no member a name.

        Nor does it where the user gives an empty one, for brokers that know no names.
        """
        self._topic = topic
        self._connection = rested(cluster.connection())
        self._settings: dict[str, Any] = {**SETTINGS, **self._connection, "group.id": group}
        instance = self._settings.get("group.instance.id")
        self._absence = Absence(
            group=group,
            topic=topic,
            instance=str(instance) if instance else None,
            connection=self._connection,
        )
        self._search = (
            PlaceSearch(group=group, connection=self._connection, take=take_place)
            if take_place is not None and instance is None
            else None
        )
        self._member: Member | None = None
        self._on_revoked: Told = lambda _: None
        self._on_lost: Told = lambda _: None

    @property
    def assigned(self) -> frozenset[int]:
        """The partitions that are this one's to read."""
        return frozenset() if self._member is None else self._member.assigned

    @property
    def reached(self) -> Mapping[int, int]:
        """The next offsets to read of the partitions that the last poll brought something of."""
        return {} if self._member is None else self._member.positions.reached

    @property
    def unread(self) -> Mapping[int, int]:
        """How many records of a partition, the last poll found, were deleted unread."""
        return {} if self._member is None else self._member.positions.unread

    def open(self, *, on_revoked: Told, on_lost: Told) -> None:
        """Subscribe; partitions arrive during later polls, also when the topic comes later.

        During a poll `on_revoked` is called with partitions that are about to go, and may commit;
        `on_lost` with those that others have already, where a commit would be refused.
        """
        self._on_revoked, self._on_lost = on_revoked, on_lost
        self._join(0)

    def poll(self, limit: int, timeout: float) -> tuple[Record, ...]:
        """Return up to `limit` records, waiting `timeout` seconds for the first."""
        member = self._member
        if member is None:
            self._go_without(timeout)
            return ()
        records = member.poll(limit, timeout)
        if member.fatal:
            self._give_up(member)
        return records

    def standing(self) -> Standing:
        """Say whether there is a member, and whether it has its place in the group."""
        if self._member is None:
            reason = self._absence.reason
            searching = "" if reason or self._search is None else self._search.said
            return Standing(up=False, said=reason or searching, early=not reason)
        return self._member.standing()

    def commit(self, positions: Mapping[int, int]) -> None:
        """Hand the next offsets to read, by partition, to the broker without waiting.

        Raises UnavailableError when the group has no place for them right now.
        """
        if self._member is None:
            raise UnavailableError("offsets are not committed: there is no consumer now")
        self._member.commit(positions)

    def commit_failed(self) -> bool:
        """Say whether the broker has refused a commit since the last call."""
        return self._member is not None and self._member.commit_failed()

    def pause(self, partitions: frozenset[int]) -> None:
        """Receive nothing of these and go on with others; polling keeps the place either way."""
        if self._member is not None:
            self._member.pause(partitions)

    def close(self, positions: Mapping[int, int], deadline: float) -> None:
        """Commit the next offsets to read by partition and leave the group.

        Gives up waiting after `deadline` seconds. Safe to call twice.
        """
        member, self._member = self._member, None
        if member is not None:
            member.leave(positions, deadline)

    def _give_up(self, member: Member) -> None:
        """Let go of a member that can't go on, and with it of its partitions."""
        self._absence.begin(member.fatal)
        self.close({}, _LEAVE_SECONDS)
        self._on_lost(member.assigned)

    def _go_without(self, timeout: float) -> None:
        """Make another member when it is time, else let the time of a poll pass."""
        if self._absence.over():
            self._join(timeout)
        else:
            sleep(timeout)

    def _join(self, timeout: float) -> None:
        """Make a member, once it has a name; wait `timeout` seconds for that."""
        if self._search is None:
            self._member = self._new_member(None)
        elif (name := self._search.find(timeout)) is not None:
            self._member = self._new_member(name)

    def _new_member(self, name: str | None) -> Member:
        member = Member(
            name=name,
            settings=self._settings,
            connection=self._connection,
            topic=self._topic,
            on_revoked=self._on_revoked,
            on_lost=self._on_lost,
        )
        member.subscribe()
        return member
