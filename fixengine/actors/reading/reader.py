"""The reader actor: queries for REST, beside the writes and never in their way.

It has a connection when the repository is held up, so it says why that is.
"""

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from fixengine.actors.messages import QueryAnswered, QueryFailed
from fixengine.actors.reading.messages import (
    AddUpExecutions,
    GetExecutions,
    GetExecutionsById,
    GetFills,
    GetLag,
)
from fixengine.actors.reading.overdue_statement import LOOK_EVERY, OverdueStatementWatch
from fixengine.errors import ImpairedError
from fixengine.ports.queries import ExecutionQueries, GroupLag
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, tell
from fixengine.telemetry.health import Health


@dataclass(frozen=True, slots=True)
class _Look:
    """Reader → itself: does the database hold up the repository?"""


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
        self._overdue_statement = OverdueStatementWatch(
            repository=repository, executions=executions, health=health
        )

    def boot(self) -> None:
        self.tell_later(LOOK_EVERY, _Look())

    def receive(self, message: _Query | _Look) -> object:
        if isinstance(message, _Look):
            self._overdue_statement.look()
            self.tell_later(LOOK_EVERY, message)
            return None
        timeout = message.time_left()
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
