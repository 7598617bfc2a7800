"""The messages between actors. Commands are imperative, events past tense, queries `Get…`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from fixengine.errors import ImpairedError
from fixengine.ports.kafka import Record
from fixengine.ports.queries import ExecutionQuery, LedgerQuery, Subtotals
from fixengine.ports.stores import Claim, Forgotten, OutboxPage, Stored, TakeOver
from fixengine.rules.halving import Tried
from fixengine.rules.values import Execution, Fill, LedgerEntry, Order, Postponed
from fixengine.supervision.refs import ActorRef, Request
from fixengine.wire.letters import Place

_Reply = TypeVar("_Reply")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOrders(Request[Tried]):
    """Intake → repository: make these orders executions.

    `partitions` are those of the topic that they came from.
    """

    orders: tuple[tuple[Order, str], ...]
    partitions: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDue(Request[Claim]):
    """Fill scheduler → repository: lock due executions.

    ExecutionsFreed may follow to `reply_to`, as long as nobody else claims.
    """

    limit: int
    reply_to: ActorRef


@dataclass(frozen=True, slots=True)
class ExecutionsFreed:
    """Repository → who claims: what claims passed over, as it was not published, is so now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFills(Request[Stored]):
    """Fill scheduler → repository: end the claim."""

    fills: tuple[Fill, ...]
    postponed: tuple[Postponed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetExecutions(Request[Forgotten]):
    """Housekeeping → repository: delete old ones above this number."""

    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryFailed:
    """Reader → repository: the database is there, and can't answer this kind of question."""

    kind: str
    error: ImpairedError


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryAnswered:
    """Reader → repository: it answers this kind of question again."""

    kind: str


@dataclass(frozen=True, slots=True)
class DropParts(Request[tuple[str, ...]]):
    """Housekeeping → repository: drop what is empty of the ledger. Replies with their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonClaim:
    """Fill scheduler → repository: give the claim back untouched. No reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverOutbox(Request[TakeOver]):
    """Publisher → repository: adopt what those of the suspects left that are still gone."""

    suspects: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetUnpublished(Request[OutboxPage]):
    """Publisher → repository: this engine's unpublished fills."""

    after: int
    limit: int
    older_than: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkPublished(Request[int]):
    """Publisher → repository: the broker has these (execution id, fill number).

    Replies with how many of them were this engine's.
    """

    fills: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderQuery(Request[_Reply]):
    """REST → reader: a question that the reader begins with before `deadline`, a monotonic time."""

    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GetExecutionsById(ReaderQuery[Mapping[int, Execution]]):
    """REST → reader. Replies with those there are, by id."""

    execution_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetExecutions(ReaderQuery[tuple[Execution, ...]]):
    """REST → reader: find executions."""

    query: ExecutionQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFills(ReaderQuery[tuple[LedgerEntry, ...] | None]):
    """REST → reader: find an execution's fills. The reply is None when it does not exist."""

    query: LedgerQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class AddUpExecutions(ReaderQuery[Subtotals]):
    """REST → reader: add up to `limit` executions from above an id."""

    after: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetLag(ReaderQuery[int]):
    """REST → reader: measure the consumer group's lag in records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveTickers(Request["Tickers"]):
    """Intake → security cache: find these tickers. It replies at once.

    What is pending then follows as TickersArrived to `reply_to`.
    """

    security_ids: frozenset[str]
    reply_to: ActorRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickers:
    """What is known of some securities; `pending` ones are being asked for."""

    known: dict[str, str] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class TickersArrived:
    """Security cache → intake: some that were pending are known, or known not to exist."""

    tickers: Tickers


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPrices(Request["Prices"]):
    """Fill scheduler → pricing: find prices. Raises UnavailableError."""

    tickers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Fresh prices; `unknown` tickers have none, those in neither could not be asked for.

    What came of tickers that nobody asked for may be among them.
    """

    known: Mapping[str, Decimal]
    unknown: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishFills:
    """Fill scheduler → publisher: these are stored. FillsPublished follows to `reply_to`.

    They are not to be sent after `until`, a monotonic time.
    """

    fills: tuple[Fill, ...]
    until: float
    reply_to: ActorRef


@dataclass(frozen=True, slots=True, kw_only=True)
class FillsPublished:
    """Publisher → fill scheduler: so many of its fills are no longer on their way."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record nobody can process, and a sentence that says why."""

    record: Record
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteDeadLetters:
    """Intake → dead letters. DeadLettersWritten follows to `reply_to`."""

    letters: tuple[DeadLetter, ...]
    reply_to: ActorRef


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLettersWritten:
    """Dead letters → intake: the broker has those of the records at these places."""

    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetDeadLetters:
    """Intake → dead letters: nobody here waits for those of these partitions, None: of any."""

    partitions: frozenset[int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishDeadLetters(Request[tuple[Place, ...]]):
    """Intake → dead letters, before it leaves: wait for these `within` seconds.

    Replies with the places whose dead letters the broker has.
    """

    places: tuple[Place, ...]
    within: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterTopic:
    """Publisher → dead letters: why their topic can't be made, None when it is there.

    `note` is what is worth knowing of how it was made.
    """

    refused: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersStored:
    """Intake → fill scheduler: the next execution may fall due in so many seconds."""

    due_in: float
