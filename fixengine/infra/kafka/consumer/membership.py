"""Whether a consumer has its place in the group, from what its driver tells."""

from collections.abc import Callable, Collection, Mapping
from time import monotonic

import msgspec

from fixengine.infra.kafka.words import refusal, unread
from fixengine.ports.kafka import Standing

SETTLES = 5.0
"""Seconds after which silent partitions count as readable: one that is not says so by then."""

_NOT_YET = "the group has not confirmed an assignment yet"
_STATES = {
    "wait-join": "the group waits for its other members",
    "wait-sync": "the group's leader shares out the partitions",
}


class _Group(msgspec.Struct):
    state: str
    join_state: str


class _Statistics(msgspec.Struct):
    cgrp: _Group | None = None


class Membership:
    """Confirmed by an assignment, an empty one too, and by the driver's statistics from then on.

    A refusal of the group counts until an assignment is confirmed after it, that of a partition
    until the partition answers. A rebalance may take `patience` seconds.

    It is whole with thirteen attributes: each is one thing that the driver has told, and whether
    the member has its place follows from all of them together.
    """

    def __init__(
        self,
        *,
        group: str,
        topic: str,
        patience: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._group, self._topic = group, topic
        self._patience = patience
        self._clock = clock
        self._began_at = clock()
        self._confirmed_at: float | None = None
        self._settles_at: float | None = None
        self._refusal = ""
        self._denied: dict[int, tuple[int, str]] = {}
        self._state = _NOT_YET
        self._failure = ""
        self._assigned = False
        self.topic_exists = True

    @property
    def denied(self) -> Mapping[int, int]:
        """The partitions that may not be read, each with the offset to ask again at."""
        return {partition: offset for partition, (offset, _) in self._denied.items()}

    def standing(self) -> Standing:
        """Say whether this member can do its work, and why not."""
        denied = next((reason for _, reason in self._denied.values()), "")
        if reason := self._refusal or denied:
            return Standing(up=False, said=reason)
        if self._confirmed_at is None:
            early = self._clock() - self._began_at <= self._patience
            return Standing(up=False, said=self._state, early=early)
        without = self._clock() - self._confirmed_at
        if without > self._patience:
            said = f"no assignment was confirmed for {self._patience:g} s: {self._state}"
            return Standing(up=False, said=said)
        if not self.topic_exists:
            return Standing(up=True, said="the orders topic does not exist yet")
        return Standing(up=True, said="" if self._assigned else "no partitions are assigned")

    def assigned(self, partitions: Collection[int]) -> None:
        """Take what the group has given to this member."""
        self.topic_exists = True
        self._assigned = bool(partitions)
        if partitions:  # each has a word to say soon, and it may be that it can't be read
            self._settles_at = self._clock() + SETTLES
        else:
            self._confirm()

    def dropped(self, partitions: Collection[int]) -> None:
        """Let go of what is another member's now."""
        for partition in partitions:
            _, reason = self._denied.pop(partition, (0, ""))
            self._refusal = self._refusal or reason
        self._assigned = False

    def heard(self, partition: int) -> None:
        """Take note that a partition has brought something, if only its end."""
        if self._denied:
            self._denied.pop(partition, None)
        if self._settles_at is not None:
            self._confirm()

    def refused(self, code: int, said: str, *, partition: int | None, offset: int) -> bool:
        """Take an error that a poll brought, of a partition at an offset or of the whole.

        Returns whether it is one that somebody has to mend.
        """
        reason = refusal(code, said, group=self._group, topic=self._topic)
        if partition is not None:
            unreadable = unread(said, place=f"{self._topic} {partition}/{offset}")
            self._denied[partition] = (offset, reason or unreadable)
            return True
        if reason is None:
            self._state = said
        else:
            self._refusal = reason
        return reason is not None

    def missing(self) -> None:
        """Take note that there is no topic."""
        self.topic_exists = False
        self._refusal = ""

    def failed(self, why: str) -> None:
        """Take note of why there is no connection to a broker."""
        self._failure = f": {why}"

    def measured(self, statistics: str) -> None:
        """Take the driver's statistics."""
        group = msgspec.json.decode(statistics, type=_Statistics).cgrp
        if group is None:
            return
        if group.state != "up":
            self._state = f"the group's coordinator can't be reached{self._failure}"
        elif group.join_state == "steady":
            if self._settles_at is None or self._clock() >= self._settles_at:
                self._confirm()
        elif not self.topic_exists:
            self._confirm()
        else:
            self._state = _STATES.get(group.join_state, self._state)

    def _confirm(self) -> None:
        self._confirmed_at = self._clock()
        self._settles_at = None
        self._refusal = ""
        self._state = _NOT_YET
