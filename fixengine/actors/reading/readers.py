"""The reader actors: queries for REST, beside the writes and never in their way.

They have connections when the repository is held up, so they say why it is.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TypeAlias, TypeVar, assert_never

from fixengine.actors.messages import (
    AddUpExecutions,
    GetExecutions,
    GetExecutionsById,
    GetFills,
    GetLag,
    QueryAnswered,
    QueryFailed,
    ReaderQuery,
)
from fixengine.actors.reading.hold_up import LOOK_EVERY, HoldUpWatch
from fixengine.errors import ImpairedError, UnavailableError
from fixengine.ports.queries import (
    ExecutionQueries,
    ExecutionQuery,
    GroupLag,
    LedgerQuery,
    Subtotals,
)
from fixengine.rules.values import Execution, LedgerEntry
from fixengine.supervision.actor import Actor
from fixengine.supervision.mailbox import mailbox_of
from fixengine.supervision.refs import ActorRef, ask, tell
from fixengine.telemetry.health import Health

BEGIN_WITHIN = 1.0
"""Seconds that a question waits for its turn."""

ANSWER_WITHIN = 2.0
"""Seconds that the database has for an answer."""

_GRACE = 0.3  # seconds for a reader to say itself that it was too late


@dataclass(frozen=True, slots=True)
class _Look:
    """Reader → itself: does the database hold up the repository?"""


_Reply = TypeVar("_Reply")

_Query: TypeAlias = GetExecutionsById | GetExecutions | GetFills | AddUpExecutions | GetLag


class Reader(Actor):
    """Queries, one at a time. That the database can't answer is the repository's to say."""

    def __init__(
        self,
        *,
        executions: ExecutionQueries,
        lag: GroupLag,
        repository: ActorRef,
        health: Health,
    ) -> None:
        super().__init__()
        self._executions = executions
        self._lag = lag
        self._repository = repository
        self._failed: set[str] = set()
        self._hold_up = HoldUpWatch(repository=repository, executions=executions, health=health)

    def boot(self) -> None:
        self.tell_later(LOOK_EVERY, _Look())

    def receive(self, message: _Query | _Look) -> object:
        if isinstance(message, _Look):
            self._hold_up.look()
            self.tell_later(LOOK_EVERY, message)
            return None
        timeout = message.deadline - monotonic()
        if timeout <= 0:
            raise UnavailableError("the query came too late to be answered")
        kind = type(message).__name__
        try:
            answer = self._answer(message, timeout)
        except ImpairedError as error:
            self._failed.add(kind)
            tell(self._repository, QueryFailed(kind=kind, error=error))
            raise
        if kind in self._failed:
            self._failed.remove(kind)
            tell(self._repository, QueryAnswered(kind=kind))
        return answer

    def _answer(self, message: _Query, timeout: float) -> object:
        match message:
            case GetExecutionsById(execution_ids=execution_ids):
                return message.answer(self._executions.by_id(execution_ids, timeout=timeout))
            case GetExecutions(query=query):
                return message.answer(self._executions.page(query, timeout=timeout))
            case GetFills(query=query):
                return message.answer(self._executions.fills(query, timeout=timeout))
            case AddUpExecutions(after=after, limit=limit):
                subtotals = self._executions.add_up(after=after, limit=limit, timeout=timeout)
                return message.answer(subtotals)
            case GetLag():
                return message.answer(self._lag.measure(timeout))
            case _:
                assert_never(message)


class Readers:
    """What REST holds: asks the reader actor that has least to do. For use from any thread.

    All methods raise UnavailableError, after BEGIN_WITHIN and ANSWER_WITHIN seconds at the latest.
    `find` returns the present incarnation of an actor: readers are restarted.
    """

    def __init__(self, names: tuple[str, ...], find: Callable[[str], ActorRef | None]) -> None:
        self._names = names
        self._find = find

    def by_id(self, execution_ids: Collection[int]) -> Mapping[int, Execution]:
        """Find executions by their ids."""
        ids = tuple(execution_ids)
        return self._ask(GetExecutionsById(execution_ids=ids, deadline=_deadline()))

    def page(self, query: ExecutionQuery) -> tuple[Execution, ...]:
        """Find executions."""
        return self._ask(GetExecutions(query=query, deadline=_deadline()))

    def fills(self, query: LedgerQuery) -> tuple[LedgerEntry, ...] | None:
        """Find an execution's fills; None when there is no such execution."""
        return self._ask(GetFills(query=query, deadline=_deadline()))

    def add_up(self, *, after: int, limit: int) -> Subtotals:
        """Add up to `limit` executions from above the id `after`, by status."""
        return self._ask(AddUpExecutions(after=after, limit=limit, deadline=_deadline()))

    def lag(self, timeout: float) -> int:
        """Measure the consumer group's lag in records, within `timeout` seconds."""
        return self._ask(GetLag(deadline=monotonic() + timeout), then=0)

    def _ask(self, message: ReaderQuery[_Reply], *, then: float = ANSWER_WITHIN) -> _Reply:
        """Ask; once it has begun, the answer takes `then` seconds at the most."""
        readers = [reader for name in self._names if (reader := self._find(name)) is not None]
        if not readers:
            raise UnavailableError("the reader actors are being started")
        patience = message.deadline - monotonic() + then + _GRACE
        least_busy = min(readers, key=lambda reader: mailbox_of(reader).load)
        return ask(least_busy, message, timeout=patience)


def _deadline() -> float:
    return monotonic() + BEGIN_WITHIN
