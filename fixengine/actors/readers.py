"""The reader actors: queries for REST, beside the writes and never in their way."""

from collections.abc import Callable
from itertools import cycle
from time import monotonic
from typing import Any, TypeAlias, assert_never

from fixengine.actors.asking import ask
from fixengine.actors.base import Actor
from fixengine.actors.messages import (
    ActorRef,
    AddUpExecutions,
    GetExecution,
    GetExecutions,
    GetFills,
    GetLag,
)
from fixengine.domain import Execution, LedgerEntry
from fixengine.errors import UnavailableError
from fixengine.reading import ExecutionQueries, ExecutionQuery, GroupLag, LedgerQuery, Stretch

REPLY_WITHIN = 2.0
"""Seconds a request waits for its answer, in mailboxes and in the database together."""

_GRACE = 0.3  # seconds for a reader to say itself that it was too late

_Query: TypeAlias = GetExecution | GetExecutions | GetFills | AddUpExecutions | GetLag


class Reader(Actor):
    """Queries, one at a time."""

    def __init__(self, *, executions: ExecutionQueries, lag: GroupLag) -> None:
        super().__init__()
        self._executions = executions
        self._lag = lag

    def receive(self, message: _Query) -> Any:
        timeout = message.deadline - monotonic()
        if timeout <= 0:
            raise UnavailableError("the query came too late to be answered")
        match message:
            case GetExecution(execution_id=execution_id):
                return self._executions.get(execution_id, timeout=timeout)
            case GetExecutions(query=query):
                return self._executions.page(query, timeout=timeout)
            case GetFills(query=query):
                return self._executions.fills(query, timeout=timeout)
            case AddUpExecutions(after=after, limit=limit):
                return self._executions.add_up(after=after, limit=limit, timeout=timeout)
            case GetLag():
                return self._lag.measure(timeout)
            case _:
                assert_never(message)


class Readers:
    """What REST holds: asks the reader actors in turn. Safe to use from several threads.

    All methods raise UnavailableError after REPLY_WITHIN seconds. `find` returns the present
    incarnation of an actor: readers are restarted.
    """

    def __init__(self, names: tuple[str, ...], find: Callable[[str], ActorRef | None]) -> None:
        self._names = cycle(names)
        self._find = find

    def get(self, execution_id: int) -> Execution | None:
        """Find one execution."""
        found: Execution | None = self._ask(
            GetExecution(execution_id=execution_id, deadline=_deadline())
        )
        return found

    def page(self, query: ExecutionQuery) -> tuple[Execution, ...]:
        """Find executions."""
        found: tuple[Execution, ...] = self._ask(GetExecutions(query=query, deadline=_deadline()))
        return found

    def fills(self, query: LedgerQuery) -> tuple[LedgerEntry, ...] | None:
        """Find an execution's fills; None when there is no such execution."""
        found: tuple[LedgerEntry, ...] | None = self._ask(
            GetFills(query=query, deadline=_deadline())
        )
        return found

    def add_up(self, *, after: int, limit: int) -> Stretch:
        """Add up to `limit` executions from above the id `after`, by status."""
        found: Stretch = self._ask(AddUpExecutions(after=after, limit=limit, deadline=_deadline()))
        return found

    def lag(self, timeout: float) -> int:
        """Measure the consumer group's lag in records, within `timeout` seconds."""
        records: int = self._ask(GetLag(deadline=monotonic() + timeout))
        return records

    def _ask(self, message: _Query) -> Any:
        reader = self._find(next(self._names))
        if reader is None:
            raise UnavailableError("the reader actor is being started")
        return ask(reader, message, timeout=message.deadline - monotonic() + _GRACE)


def _deadline() -> float:
    return monotonic() + REPLY_WITHIN
