"""What actors need of Kafka: the orders topic, producers, and the ends of topics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias

import msgspec

EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Where a topic is read from when nobody says since when."""

Headers = tuple[tuple[str, bytes | None], ...]


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One Kafka record as it was read. `timestamp_ms` is None when the broker does not say."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether something can do its work, and what there is to say of it.

    What is `early` has just begun, and is not up yet.
    """

    up: bool
    said: str
    early: bool = False


class OrderSource(Protocol):
    """The `orders` topic, as one member of the consumer group.

    `reached` has the next offset to read of each partition of which the last poll brought a record
    or its end. `unread` says how many records of a partition were deleted before anybody read them,
    as the last poll found.
    """

    assigned: frozenset[int]
    reached: Mapping[int, int]
    unread: Mapping[int, int]

    def open(
        self,
        *,
        on_revoked: Callable[[frozenset[int]], None],
        on_lost: Callable[[frozenset[int]], None],
    ) -> None:
        """Join; a poll then tells of partitions that are about to go, or that are gone."""

    def poll(self, limit: int, timeout: float) -> tuple[Record, ...]:
        """Return up to `limit` records, waiting `timeout` seconds for the first."""

    def standing(self) -> Standing:
        """Say whether this member has its place in the group."""

    def commit(self, positions: Mapping[int, int]) -> None:
        """Commit the next offset to read by partition, without waiting for it."""

    def commit_failed(self) -> bool:
        """Say whether a commit has failed since the last call."""

    def pause(self, partitions: frozenset[int]) -> None:
        """Receive nothing of these and go on with others; polling keeps the place either way."""

    def close(self, positions: Mapping[int, int], deadline: float) -> None:
        """Commit the next offsets to read by partition and leave, within `deadline` seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a message failed; it may have arrived all the same.

    `of_itself`: this message is at fault, and others may get through. `too_large`: a shortened one
    may get through.
    """

    reason: str
    too_large: bool = False
    of_itself: bool = False


Report: TypeAlias = Callable[[Any, Failure | None], None]
"""Takes a message's token and None, or how it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicNews:
    """Topics that can't be made, and why; and what is worth knowing of those that were."""

    refused: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


class Sink(Protocol):
    """A producer: it delivers the messages that it takes, or reports that they failed."""

    def open(self, report: Report) -> None:
        """Begin, or begin anew. `report` is told of each message, and must not raise."""

    def ensure_topics(self, timeout: float) -> TopicNews:
        """Create absent topics; return what is to be said of them.

        Raises UnavailableError when the broker does not answer within `timeout` seconds.
        """

    def unreached(self) -> str:
        """Say which brokers that `ensure_topics` heard of can't be reached, and why."""

    def produce(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        token: object,
    ) -> None:
        """Queue a message, of which a later poll reports; of one that is too large, at once.

        Raises UnavailableError when the queue is full.
        """

    def poll(self, timeout: float) -> None:
        """Serve deliveries, waiting `timeout` seconds for the first.

        Raises UnavailableError on an error that only a new beginning can mend.
        """

    def close(self) -> None:
        """Drop what is not delivered. Safe to call twice."""


class Originals(Protocol):
    """The records of the orders topic, by their places."""

    def find(self, partition: int, offset: int) -> "TailLook":
        """Begin to look for a record: the first that comes, if any does before the end."""


class TailLook(Protocol):
    """One reading of a topic, from a place or a time on."""

    def read(self, timeout: float) -> tuple[Record, ...] | None:
        """Return the next records; None at what was the end or is beyond it.

        Raises UnavailableError when the broker refuses.
        """

    def close(self) -> None:
        """End it. Safe to call twice."""


class Tail(Protocol):
    """The end of the fills topic."""

    def look(self, since: datetime, *, timeout: float) -> TailLook:
        """Begin to read what came since then, and perhaps what came before.

        Raises UnavailableError after `timeout` seconds.
        """
