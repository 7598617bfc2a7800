"""What is asked about sessions from outside them: questions, their answers, and who gives them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec

from fixengine.ports.fix import Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionQuery:
    """A page of sessions, lowest id first, from above `after`; `peer` None means any client."""

    after: int = 0
    limit: int = 100
    peer: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentQuery:
    """A page of what a session has sent, from above the number `after`.

    `generation` None means the present one.
    """

    session_id: int
    generation: int | None = None
    after: int = 0
    limit: int = 100


class ShownSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session as the database has it; `owner` holds it, or held it last.

    `reports` have to be told, up to 1,000; `requests` are undecided, up to 10,000 of all sessions.
    Only the gateway that has the client knows when it was `heard_at`, and before which number
    something is missing that it was asked for.
    """

    id: int
    begin: bytes
    own: bytes
    peer: bytes
    is_held: bool
    owner: str | None
    epoch: int
    generation: int
    began_at: datetime
    next_in: int
    next_out: int
    seen_at: datetime | None
    reset_wanted: bool
    reports: int
    requests: int
    heard_at: datetime | None = None
    missing_before: int | None = None


class SentPage(msgspec.Struct, frozen=True):
    """Messages of one generation, in the version of FIX that names their fields."""

    begin: bytes
    generation: int
    messages: tuple[Sent, ...]


class FixBacklog(msgspec.Struct, frozen=True):
    """What waits: reports for some sessions, and undecided requests of all; up to 10,000 of each.

    Ages are those of the oldest, in seconds, 0 where nothing waits. `clock` is the database's time,
    in seconds since 1970.
    """

    reports: int
    oldest_report_age: float
    requests: int
    oldest_request_age: float
    clock: float


class SessionQueries(Protocol):
    """Queries that each wait `timeout` seconds until they can begin.

    All raise UnavailableError, and of that SlowQueryError when the database took too long.
    """

    def sessions(self, query: SessionQuery, *, timeout: float) -> tuple[ShownSession, ...]:
        """Find sessions that somebody has logged on by."""

    def sent(self, query: SentQuery, *, timeout: float) -> SentPage | None:
        """Find what a session has sent; None when there is no such session."""

    def backlog(self, session_ids: Collection[int], *, timeout: float) -> FixBacklog:
        """Count what waits to be told to these sessions, and what is undecided of any."""


class SessionSource(Protocol):
    """Sessions and what they sent; all raise UnavailableError without an answer in time."""

    def sessions(self, query: SessionQuery) -> tuple[ShownSession, ...]:
        """Find sessions that somebody has logged on by."""

    def sent(self, query: SentQuery) -> SentPage | None:
        """Find what a session has sent; None when there is no such session."""
