"""What REST holds of the reader actors: each question goes to the one that has least to do."""

from collections.abc import Callable, Collection, Mapping
from time import monotonic
from typing import TypeVar

from fixengine.actors.reading.messages import (
    AddUpExecutions,
    GetExecutions,
    GetExecutionsById,
    GetFills,
    GetLag,
    ReaderQuery,
)
from fixengine.errors import UnavailableError
from fixengine.ports.queries import (
    Evaluation,
    ExecutionQuery,
    LedgerQuery,
    ShownExecution,
    Subtotals,
)
from fixengine.supervision.mailbox import mailbox_of
from fixengine.supervision.refs import ActorRef, ask

BEGIN_WITHIN = 1.0
"""Seconds that a question waits for its turn."""

ANSWER_WITHIN = 2.0
"""Seconds that the database has for an answer."""

_GRACE = 0.3  # seconds for a reader to say itself that it was too late

_Reply = TypeVar("_Reply")


class Readers:
    """Asks the reader actor that has least to do. For use from any thread.

    `find` returns the present incarnation of an actor: readers are restarted.
    """

    def __init__(self, names: tuple[str, ...], find: Callable[[str], ActorRef | None]) -> None:
        self._names = names
        self._find = find

    def ask(self, message: ReaderQuery[_Reply], *, then: float = ANSWER_WITHIN) -> _Reply:
        """Ask; once it has begun, the answer takes `then` seconds at the most.

        Raises UnavailableError after these and BEGIN_WITHIN seconds at the latest.
        """
        readers = [reader for name in self._names if (reader := self._find(name)) is not None]
        if not readers:
            raise UnavailableError("the reader actors are being started")
        patience = message.deadline - monotonic() + then + _GRACE
        least_busy = min(readers, key=lambda reader: mailbox_of(reader).load)
        return ask(least_busy, message, timeout=patience)


class ReaderPool(Readers):
    """Questions about executions; all methods raise UnavailableError as `ask` does."""

    def by_id(self, execution_ids: Collection[int]) -> Mapping[int, ShownExecution]:
        """Find executions by their ids."""
        ids = tuple(execution_ids)
        return self.ask(GetExecutionsById(execution_ids=ids, deadline=begin_by()))

    def page(self, query: ExecutionQuery) -> tuple[ShownExecution, ...]:
        """Find executions."""
        return self.ask(GetExecutions(query=query, deadline=begin_by()))

    def fills(self, query: LedgerQuery) -> tuple[Evaluation, ...] | None:
        """Find an execution's fills; None when there is no such execution."""
        return self.ask(GetFills(query=query, deadline=begin_by()))

    def add_up(self, *, after: int, limit: int) -> Subtotals:
        """Add up to `limit` executions from above the id `after`, by status."""
        return self.ask(AddUpExecutions(after=after, limit=limit, deadline=begin_by()))

    def lag(self, timeout: float) -> int:
        """Measure the consumer group's lag in records, within `timeout` seconds."""
        return self.ask(GetLag(deadline=monotonic() + timeout), then=0)


def begin_by() -> float:
    """Return the monotonic time until which a question of now waits for its turn."""
    return monotonic() + BEGIN_WITHIN
