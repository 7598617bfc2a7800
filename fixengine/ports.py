"""What the actors need from the outside, as protocols and values."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

import msgspec

from fixengine.domain import Execution, Fill, Order, Postponed

Headers = tuple[tuple[str, bytes | None], ...]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One Kafka record as it was read. `timestamp_ms` is None when the broker gave none."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Executions locked for this engine, and the database's time.

    `next_due_in` is how many seconds from `now` the next execution that is not due yet falls
    due; None when there is none. `more` says that others may be due already.
    """

    executions: tuple[Execution, ...]
    now: datetime
    next_due_in: float | None
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How far behind the engines are, counted to 10,000. `oldest_due_age` is in seconds.

    `ledger_inserts` counts rows of all engines since the database's statistics began,
    `numbers_left` is the share of numbers that no execution has had yet.
    """

    due: int
    oldest_due_age: float
    unpublished: int
    ledger_inserts: int
    numbers_left: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """A look at engines that are gone: their numbers, and how many fills were adopted.

    `seconds` is how long the look took the database.
    """

    gone: frozenset[int]
    fills: int
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
    """What became of a claim: the ids whose fill is stored, and why others are refused.

    `changed` counts those that are no longer as they were claimed, `left` those that there was no
    time for.
    """

    ids: frozenset[int] = frozenset()
    refused: Mapping[int, str] = field(default_factory=dict)
    changed: int = 0
    left: int = 0


class Claims(Protocol):
    """This engine's claims on due executions; one at a time, all methods raise UnavailableError."""

    @property
    def readable_since(self) -> datetime:
        """From when on all that is due can be read at once."""

    def has_missed(self) -> bool:
        """Whether what the last claim passed over, as it was not published, is so now."""

    def open(self) -> None:
        """Become known to other engines as alive; does nothing when that is so."""

    def check(self) -> None:
        """See that others know this engine as alive, and mend it if not."""

    def claim(self, limit: int) -> Claim:
        """Lock due executions; a claim that is open is abandoned first."""

    def store(self, fills: Sequence[Fill], postponed: Sequence[Postponed]) -> frozenset[int]:
        """End the claim with its outcome; returns the ids whose fill is stored.

        Raises RejectedError when the database refuses a value; then nothing is stored.
        """

    def store_apart(
        self, fills: Sequence[Fill], postponed: Sequence[Postponed], *, within: float
    ) -> Stored:
        """Store what is not refused of an outcome that was refused, where nobody else claims it.

        Of either kind none is begun with after `within` seconds, but for the first.
        """

    def put_off(self, refused: Mapping[int, int], *, within: float) -> None:
        """Leave alone for long what is refused: the ids, with their versions."""

    def abandon(self) -> None:
        """Give the claim back."""

    def close(self) -> None:
        """Give everything back and be gone. Safe to call twice."""


class Outbox(Protocol):
    """Fills that are stored but not acknowledged by the broker; all raise UnavailableError."""

    def take_over(self, suspects: frozenset[int]) -> TakeOver:
        """Adopt what those of the suspects left that are still gone."""

    def unpublished(self, *, after: int, limit: int, older_than: float) -> OutboxPage:
        """Return this engine's, from above execution id `after`, if they are as old in seconds."""

    def mark_published(self, fills: Sequence[tuple[int, int]]) -> int:
        """Remove (execution id, fill number); returns how many were this engine's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of the first `count` of some orders; the others have yet to be tried.

    `refused` has the places of those that the database refuses, each with the reason.
    """

    count: int
    refused: Mapping[int, str] = field(default_factory=dict)


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
        """Store what is not refused of orders that are refused together.

        None is begun with after `within` seconds, but for the first.
        """

    def backlog(self, since: datetime) -> Backlog:
        """Look how far behind the engines are, with what fell due since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A look at some executions: the last one's number, how many are old, how many were deleted."""

    last: int | None
    old: int
    executions: int


class Retention(Protocol):
    """What is kept for a while only; both raise UnavailableError."""

    def forget_executions(self, *, after: int) -> Forgotten:
        """Delete, of the next executions above a number, what is closed and old."""

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

    `reached` are the next offsets to read of the partitions that the last poll brought something
    of, if only their end; `unread` is how many records of a partition, by then, were deleted
    before anybody read them.
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
        """Join; during a poll partitions that are about to go, or are gone, are told of."""

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

    `of_itself` says that others may get through, `too_large` that a part of it may.
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
    """A producer; what it takes it delivers, or gives up after some seconds."""

    def open(self, report: Report) -> None:
        """Begin, or begin anew. `report` is told of each message, and must not raise."""

    def ensure_topics(self, timeout: float) -> TopicNews:
        """Create absent topics; return what is to be said of them.

        Raises UnavailableError when the broker does not answer within `timeout` seconds.
        """

    def unreached(self) -> str:
        """Say which of the brokers that `ensure_topics` heard of can't be reached, and why."""

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


class SecurityService(Protocol):
    """Tickers by security id."""

    def ticker(self, security_id: str) -> str | None:
        """Return the ticker, None when the service says there is no such security.

        Raises UnavailableError when it gives no usable answer before the deadline.
        """

    def all_tickers(self) -> Mapping[str, str]:
        """Return every security's ticker by id; raises UnavailableError."""


class PricingService(Protocol):
    """Fresh prices by ticker."""

    def price(self, ticker: str) -> Decimal | None:
        """Return the closing price, None when the service does not know the ticker.

        Raises UnavailableError when it gives no usable answer before the deadline.
        """

    def all_prices(self) -> Mapping[str, Decimal]:
        """Return every priced ticker's closing price; raises UnavailableError."""


class ActorState(Protocol):
    """One actor as an outsider sees it at one moment."""

    @property
    def name(self) -> str:
        """Its place in the tree."""

    @property
    def state(self) -> str:
        """Where in its life it is; `running` when it can do its work."""

    @property
    def restarts(self) -> int:
        """How often it was started again."""

    @property
    def mailbox_depth(self) -> int:
        """How many messages wait for it."""

    @property
    def busy_for(self) -> float | None:
        """Seconds it has spent on the message in hand, None when idle."""

    @property
    def last_error(self) -> str | None:
        """Why it last crashed."""


class ActorTree(Protocol):
    """All actors, to be read from any thread without waiting."""

    def snapshot(self) -> Sequence[ActorState]:
        """All actors as they are now."""

    def hung(self, limit: float) -> Sequence[str]:
        """Name those that have been at one message for more than `limit` seconds."""
