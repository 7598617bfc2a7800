"""What actors need of the database: its tables, its schema, and what is kept for a while."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self

from fixengine.rules.halving import Tried
from fixengine.rules.values import Change, Execution, Fill, Order, Postponed


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Executions locked for this engine, and the database's time.

    `next_due_in` is in how many seconds from `now` the next execution falls due, None when no
    execution will. `more` says that others may be due already.
    """

    executions: tuple[Execution, ...]
    now: datetime
    next_due_in: float | None
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How far behind the engines are; counting stops at 10,000. `oldest_due_age` is in seconds.

    `ledger_inserts` counts rows of all engines since the database's statistics began,
    `numbers_left` is the share of numbers that no execution has had yet. `clock` is the database's
    time, in seconds since 1970.
    """

    due: int
    oldest_due_age: float
    unpublished: int
    ledger_inserts: int
    clock: float
    numbers_left: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """A look at engines that are gone: their numbers, and how many fills were adopted.

    `own` says whether any fill in the outbox is this engine's. `seconds` is how long the look took
    the database.
    """

    gone: frozenset[int]
    fills: int
    own: bool
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxPage:
    """Fills by execution id; a message of one on the topic is no older than `since`.

    `seconds` is how long the look took the database.
    """

    fills: tuple[Fill, ...]
    since: datetime | None
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What became of a claim: the ids whose evaluation is stored, and why others are refused.

    `changed` counts executions that are no longer as they were claimed, `left` those for which
    there was no time.
    """

    ids: frozenset[int] = frozenset()
    refused: Mapping[int, str] = field(default_factory=dict)
    changed: int = 0
    left: int = 0

    def __add__(self, other: Self) -> Self:
        """Return what became of the one and the other."""
        return type(self)(
            ids=self.ids | other.ids,
            refused={**self.refused, **other.refused},
            changed=self.changed + other.changed,
            left=self.left + other.left,
        )


class Claims(Protocol):
    """This engine's claims on due executions; one at a time, all methods raise UnavailableError."""

    @property
    def readable_since(self) -> datetime:
        """From when on all that is due can be read at once."""

    def open(self) -> None:
        """Become known to other engines as alive; does nothing when that is so."""

    def check(self) -> None:
        """See that others know this engine as alive, and mend it if not."""

    def take_place(self, members: Sequence[str]) -> str:
        """Return the name under which to join a consumer group of such members.

        It is that of a member whose engine is gone, or one that no engine had before.
        """

    def claim(self, limit: int) -> Claim:
        """Lock due executions; a claim that is open is abandoned first."""

    def store(
        self, fills: Sequence[Fill], postponed: Sequence[Postponed], ended: Sequence[Change] = ()
    ) -> frozenset[int]:
        """End the claim with its outcome; returns the ids whose fill or end is stored.

        Raises RejectedError when the database refuses a value; then nothing is stored.
        """

    def store_apart(
        self,
        fills: Sequence[Fill],
        postponed: Sequence[Postponed],
        ended: Sequence[Change] = (),
        *,
        within: float,
    ) -> Stored:
        """Store an outcome that was refused, but for what is at fault.

        What others have claimed since is theirs. Of each of the three nothing is begun after
        `within` seconds, but the first is always tried.
        """

    def put_off(self, refused: Collection[int], *, within: float) -> None:
        """Leave executions of the last claim alone for long, by their ids."""

    def published(self, fills: Sequence[tuple[int, int]]) -> bool:
        """Have claims look again where executions were due whose fills have left the outbox.

        The fills are (execution id, fill number). Says whether the last claim has passed over
        anything that can be claimed now.
        """

    def abandon(self) -> None:
        """Give the claim back."""

    def close(self) -> None:
        """Give everything back and be gone. Safe to call twice."""


class Outbox(Protocol):
    """Fills that are stored but not acknowledged by the broker; all raise UnavailableError."""

    def take_over(self, suspects: frozenset[int]) -> TakeOver:
        """Adopt the fills of those suspects that are still gone."""

    def unpublished(self, *, after: int, limit: int, older_than: float) -> OutboxPage:
        """Return up to `limit` of this engine's fills, from above the execution id `after`.

        They were stored at least `older_than` seconds ago.
        """

    def mark_published(self, fills: Sequence[tuple[int, int]]) -> int:
        """Remove fills by (execution id, fill number); returns how many were this engine's."""


class OrderTable(Protocol):
    """Where orders become executions; all raise UnavailableError."""

    def insert_orders(
        self, orders: Sequence[tuple[Order, str]], *, partitions: Collection[int]
    ) -> int:
        """Store orders with their tickers, from partitions of the topic; returns how many were new.

        Raises RejectedError when the database refuses any; then none is stored.
        """

    def insert_apart(
        self, orders: Sequence[tuple[Order, str]], *, partitions: Collection[int], within: float
    ) -> Tried:
        """Store orders that were refused together, but for those at fault.

        No further order is begun after `within` seconds, but the first is always tried.
        """

    def backlog(self, since: datetime) -> Backlog:
        """Look how far behind the engines are, with what fell due since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A look at some executions: the last number, how many are old, how many were deleted."""

    last: int | None
    old: int
    executions: int


class Retention(Protocol):
    """What is kept for a while only; all raise UnavailableError."""

    def forget_executions(self, *, after: int) -> Forgotten:
        """Delete what is closed and old among the next executions above the number `after`."""

    def forget_messages(self) -> int:
        """Delete some old messages and requests of FIX clients; returns how many."""

    def drop_parts(self) -> tuple[str, ...]:
        """Drop the ledger's parts whose executions are all gone; returns their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaState:
    """A schema to work on: what was just mended in it, and what else is worth knowing."""

    mended: tuple[str, ...] = ()
    note: str = ""


class Schema(Protocol):
    """The tables and what belongs to them; all raise SchemaError when somebody has to see to it.

    They raise UnavailableError when the database is away.
    """

    def prepare(self) -> SchemaState:
        """Bring it up to date, and mend what differs."""

    def check(self) -> SchemaState:
        """Compare what the engine relies on, at little cost, and mend what differs."""

    def mend(self) -> SchemaState:
        """Mend whatever may contradict a statement, rows too."""

    def try_out(self) -> None:
        """See that a sound order, and a fill of it, can be stored."""
