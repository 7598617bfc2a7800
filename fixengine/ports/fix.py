"""What the gateway needs of the database: sessions that it holds, and what they asked for."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from fixengine.rules.changes import Refusal
from fixengine.trading.values import (
    Evaluated,
    FixOrder,
    FixRequest,
    Look,
    NewOrder,
    Refused,
    Standing,
)


class Identity(NamedTuple):
    """Whose a session is: the version spoken, our CompID, and the client's."""

    begin: bytes
    own: bytes
    peer: bytes


class TakenSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that this gateway holds, with its numbers as they are committed."""

    id: int
    epoch: int
    generation: int
    next_in: int
    next_out: int


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the application that has its number.

    `body` has its fields, without those that a session writes. `execution_id` and `number` name the
    evaluation that it tells of, if any; number 0 tells that the order was taken.
    """

    seq: int
    kind: bytes
    sent_at: datetime
    body: bytes
    execution_id: int | None = None
    number: int | None = None


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What one read of a session, or one page of reports, leaves: all of it is stored, or nothing.

    `next_in`, `next_out` and `generation` are those after it. The rest is as in `Decision`.
    """

    session_id: int
    epoch: int
    generation: int
    next_in: int
    next_out: int
    sent: tuple[Sent, ...] = ()
    new_orders: tuple[NewOrder, ...] = ()
    requests: tuple[FixRequest, ...] = ()
    orders: tuple[FixOrder, ...] = ()
    done: tuple[bytes, ...] = ()
    told: tuple[int, ...] = ()


class FixSessions(Protocol):
    """Sessions that this gateway holds: the connection that has their locks does all the writing.

    All methods but `close` raise UnavailableError; then the connection, and with it every lock, may
    be gone: whoever has a session drops it.
    """

    def open(self) -> None:
        """Connect where there is no connection."""

    def take(self, identity: Identity, *, began_since: datetime | None) -> TakenSession | None:
        """Take a session, which is made if nobody has logged on by it before.

        Its generation begins anew where it began before that time, or an operator asked for it.
        Returns None while another gateway holds it, which is told that it is wanted.
        """

    def release(self, session_id: int) -> None:
        """Let a session go."""

    def wanted(self) -> frozenset[int]:
        """Say which of the sessions that it holds another gateway has asked for of late.

        It shows the server, too, that this gateway lives: without it the locks end after a while.
        """

    def commit(self, works: Sequence[Work]) -> frozenset[int]:
        """Store the work of sessions in one transaction; return the ids of those that it holds.

        Nothing is stored of a session that it no longer holds. Raises RejectedError, with nothing
        stored, when the database refuses any of it.
        """

    def close(self) -> None:
        """Let all sessions go. Safe to call twice."""


class FixBooks(Protocol):
    """What sessions asked for and were told; all methods raise UnavailableError."""

    def look(self, session_id: int, cl_ord_ids: Collection[bytes], *, new_orders: int) -> Look:
        """Look up ClOrdIDs that a session gave, and take so many numbers for new orders."""

    def open_orders(self, session_id: int, *, security_id: str | None, limit: int) -> Sequence[int]:
        """Return the executions of a session's open orders, of all securities where it is None.

        They are in their order, and `limit` at most.
        """

    def standings(self, execution_ids: Collection[int]) -> Sequence[Standing]:
        """Return orders by their executions, in the order of these, as the client was told."""

    def sent(self, session: TakenSession, first: int, last: int) -> Sequence[Sent]:
        """Return what was sent with these numbers, the last included, in their order."""

    def waiting(self, session_ids: Collection[int]) -> frozenset[int]:
        """Say which of the sessions have anything to be told."""

    def reports(self, session_id: int, *, limit: int) -> Sequence[Evaluated | Refused]:
        """Return what waits longest to be told to a session."""

    def undecided(self, *, in_hand: Iterable[str] = (), limit: int) -> Sequence[FixRequest]:
        """Return the requests to cancel and replace that wait longest, of any session.

        Those with the keys `in_hand` are left out.
        """

    def refuse(self, request: FixRequest, refusal: Refusal) -> None:
        """Store that a request is refused, and that its session has to be told, unless decided."""
