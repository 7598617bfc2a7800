"""The messages between actors. Commands are imperative, events past tense, queries `Get…`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from fixengine.errors import ImpairedError
from fixengine.ports.kafka import Record
from fixengine.ports.queries import ExecutionQuery, LedgerQuery
from fixengine.rules.values import Fill, Order, Postponed
from fixengine.supervision.refs import ActorRef
from fixengine.wire.letters import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOrders:
    """Intake → repository: make these orders executions. Replies with a Tried.

    `partitions` are those of the topic that they came from.
    """

    orders: tuple[tuple[Order, str], ...]
    partitions: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDue:
    """Fill scheduler → repository: lock due executions. Replies with a Claim.

    ExecutionsFreed may follow to `reply_to`, as long as nobody else claims.
    """

    limit: int
    reply_to: ActorRef


@dataclass(frozen=True, slots=True)
class ExecutionsFreed:
    """Repository → who claims: what claims passed over, as it was not published, is so now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFills:
    """Fill scheduler → repository: end the claim. Replies with the ids that were stored."""

    fills: tuple[Fill, ...]
    postponed: tuple[Postponed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetExecutions:
    """Housekeeping → repository: delete old ones above this number. Replies with Forgotten."""

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
class DropParts:
    """Housekeeping → repository: drop what is empty of the ledger. Replies with the names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonClaim:
    """Fill scheduler → repository: give the claim back untouched. No reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverOutbox:
    """Publisher → repository: adopt what those of the suspects left that are still gone.

    Replies with a TakeOver.
    """

    suspects: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetUnpublished:
    """Publisher → repository: this engine's unpublished fills. Replies with an OutboxPage."""

    after: int
    limit: int
    older_than: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkPublished:
    """Publisher → repository: the broker has these (execution id, fill number).

    Replies with how many of them were this engine's.
    """

    fills: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetExecutionsById:
    """REST → reader. Replies with those there are, by id; `deadline` is monotonic seconds."""

    execution_ids: tuple[int, ...]
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GetExecutions:
    """REST → reader. Replies with a tuple of executions; `deadline` is monotonic seconds."""

    query: ExecutionQuery
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFills:
    """REST → reader. Replies with a tuple of ledger entries, None for an unknown execution.

    `deadline` is monotonic seconds.
    """

    query: LedgerQuery
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AddUpExecutions:
    """REST → reader: add up to `limit` executions from above an id. Replies with a Subtotals.

    `deadline` is monotonic seconds.
    """

    after: int
    limit: int
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GetLag:
    """REST → reader. Replies with the group's lag in records; `deadline` is monotonic seconds."""

    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveTickers:
    """Intake → security cache. Replies at once with a Tickers.

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
class GetPrices:
    """Fill scheduler → pricing. Replies with Prices, or raises UnavailableError."""

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
class FinishDeadLetters:
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
