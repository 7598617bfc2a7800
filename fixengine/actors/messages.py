"""The messages between actors, by receiver. `fixengine.actors` draws who sends which.

Commands are imperative, events past tense, questions `Get…`. What REST asks the readers is in
`reading.messages`, and what an actor tells itself stands beside the actor. They are in one module,
longer than others, for the question that it answers: what may an actor be sent?
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from fixengine.errors import ImpairedError
from fixengine.ports.kafka import Record
from fixengine.ports.stores import Claim, Forgotten, OutboxPage, Stored, TakeOver
from fixengine.rules.changes import ChangeDecision, ChangeRequest
from fixengine.rules.halving import Tried
from fixengine.rules.values import Change, Fill, Order, Postponed
from fixengine.supervision.refs import ActorRef, Request
from fixengine.supervision.reply import Reply
from fixengine.wire.letters import Place


# to the repository
@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOrders(Request[Tried]):
    """Intake → repository: make these orders executions.

    `partitions` are those of the topic that they came from.
    """

    orders: tuple[tuple[Order, str], ...]
    partitions: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDue(Request[Claim]):
    """Scheduler → repository: lock due executions.

    ExecutionsFreed may follow to `reply_to`, as long as nobody else claims.
    """

    limit: int
    reply_to: ActorRef


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFills(Request[Stored]):
    """Scheduler → repository: end the claim."""

    fills: tuple[Fill, ...]
    postponed: tuple[Postponed, ...]
    ended: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonClaim:
    """Scheduler → repository: give the claim back untouched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetUnpublished(Request[OutboxPage]):
    """Publisher → repository: this engine's unpublished fills."""

    after: int
    limit: int
    older_than: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverOutbox(Request[TakeOver]):
    """Publisher → repository: adopt the fills of those suspects that are still gone."""

    suspects: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkPublished(Request[int]):
    """Publisher → repository: the broker has these fills (execution id, fill number).

    Replies with how many of them were this engine's.
    """

    fills: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePlace(Request[str]):
    """Intake → repository: find the name under which to join a group of members so named.

    It is that of a member whose engine is gone, if there is one.
    """

    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetExecutions(Request[Forgotten]):
    """Housekeeping → repository: delete old ones above this number."""

    after: int


@dataclass(frozen=True, slots=True)
class ForgetMessages(Request[int]):
    """Housekeeping → repository: delete some old ones of FIX clients. Replies with how many."""


@dataclass(frozen=True, slots=True)
class DropParts(Request[tuple[str, ...]]):
    """Housekeeping → repository: drop empty parts of the ledger. Replies with their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryFailed:
    """Reader → repository: the database is there, and can't answer this kind of question."""

    kind: str
    error: ImpairedError


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryAnswered:
    """Reader → repository: it answers this kind of question again."""

    kind: str


# to the desk
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeExecution(Request[Reply[ChangeDecision]]):
    """REST → desk: change an execution by `deadline`, a monotonic time. It replies at once.

    The inner reply says what became of the request. It raises UnavailableError when that is not
    decided in time, RejectedError or SchemaError when the database refuses it.
    """

    request: ChangeRequest
    deadline: float


# to securities
@dataclass(frozen=True, slots=True, kw_only=True)
class Tickers:
    """What is known of some securities; `pending` ones are being asked for."""

    known: dict[str, str] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveTickers(Request["Tickers"]):
    """Intake → securities: find these tickers. It replies at once.

    What is pending then follows as TickersArrived to `reply_to`.
    """

    security_ids: frozenset[str]
    reply_to: ActorRef


# to pricing
@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Fresh prices. `unknown` tickers have no price; the others could not be asked for.

    There may be prices of tickers that nobody asked for.
    """

    known: Mapping[str, Decimal] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPrices(Request["Prices"]):
    """Scheduler → pricing: find prices. Raises UnavailableError."""

    tickers: frozenset[str]


# to dead-letters
@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterTopic:
    """Publisher → dead-letters: why their topic can't be made; None when it is there.

    `note` is what is worth knowing of how it was made.
    """

    refused: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record nobody can process, and a sentence that says why."""

    record: Record
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteDeadLetters:
    """Intake → dead-letters: write these. DeadLettersWritten follows to `reply_to`."""

    letters: tuple[DeadLetter, ...]
    reply_to: ActorRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetDeadLetters:
    """Intake → dead-letters: nobody here waits for those of these partitions; None: of any."""

    partitions: frozenset[int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishDeadLetters(Request[tuple[Place, ...]]):
    """Intake → dead-letters: before intake leaves, wait for these `within` seconds.

    Replies with the places whose dead letters the broker has.
    """

    places: tuple[Place, ...]
    within: float


# to the publisher
@dataclass(frozen=True, slots=True, kw_only=True)
class PublishFills:
    """Scheduler, desk → publisher: these are stored.

    They are not to be sent after `until`, a monotonic time. FillsPublished follows to `reply_to`,
    if anybody wants to hear of it.
    """

    fills: tuple[Fill, ...]
    until: float
    reply_to: ActorRef | None = None


# to the scheduler
@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersStored:
    """Intake → scheduler: the next execution may fall due in so many seconds."""

    due_in: float


@dataclass(frozen=True, slots=True)
class ExecutionsFreed:
    """Repository → scheduler: fills whose executions the claims passed over are published now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FillsPublished:
    """Publisher → scheduler: so many of its fills are no longer on their way."""

    count: int


# to intake
@dataclass(frozen=True, slots=True, kw_only=True)
class TickersArrived:
    """Securities → intake: tickers that were pending are known, or known not to exist."""

    tickers: Tickers


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLettersWritten:
    """Dead-letters → intake: the broker has the dead letters of the records at these places."""

    places: tuple[Place, ...]
