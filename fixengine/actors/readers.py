"""The reader actors: queries for REST, beside the writes and never in their way."""

from collections.abc import Callable
from itertools import cycle
from time import monotonic
from typing import Any, assert_never

from fixengine.actors.asking import ask
from fixengine.actors.base import Actor
from fixengine.actors.messages import ActorRef, GetExecution, GetExecutions
from fixengine.domain import Execution
from fixengine.errors import UnavailableError
from fixengine.ports import ExecutionQueries, ExecutionQuery

REPLY_WITHIN = 2.0
"""Seconds a request waits for its answer, in mailboxes and in the database together."""


class Reader(Actor):
    """Queries, one at a time."""

    def __init__(self, *, executions: ExecutionQueries) -> None:
        super().__init__()
        self._executions = executions

    def receive(self, message: GetExecution | GetExecutions) -> Any:
        timeout = message.deadline - monotonic()
        if timeout <= 0:
            raise UnavailableError("the query came too late to be answered")
        match message:
            case GetExecution(execution_id=execution_id):
                return self._executions.get(execution_id, timeout=timeout)
            case GetExecutions(query=query):
                return self._executions.page(query, timeout=timeout)
            case _:
                assert_never(message)


class Readers:
    """What REST holds: asks the reader actors in turn. Safe to use from several threads.

    `find` returns the present incarnation of an actor: readers are restarted.
    """

    def __init__(self, names: tuple[str, ...], find: Callable[[str], ActorRef | None]) -> None:
        self._names = cycle(names)
        self._find = find

    def get(self, execution_id: int) -> Execution | None:
        """Find one execution; raises UnavailableError after REPLY_WITHIN seconds."""
        found: Execution | None = self._ask(
            GetExecution(execution_id=execution_id, deadline=monotonic() + REPLY_WITHIN)
        )
        return found

    def page(self, query: ExecutionQuery) -> tuple[Execution, ...]:
        """Find executions; raises UnavailableError after REPLY_WITHIN seconds."""
        found: tuple[Execution, ...] = self._ask(
            GetExecutions(query=query, deadline=monotonic() + REPLY_WITHIN)
        )
        return found

    def _ask(self, message: GetExecution | GetExecutions) -> Any:
        reader = self._find(next(self._names))
        if reader is None:
            raise UnavailableError("the reader actor is being started")
        return ask(reader, message, timeout=message.deadline - monotonic())
