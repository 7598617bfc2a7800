"""What REST asks the readers."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from fixengine.errors import UnavailableError
from fixengine.ports.queries import (
    Evaluation,
    ExecutionQuery,
    LedgerQuery,
    ShownExecution,
    Subtotals,
)
from fixengine.supervision.refs import Request

_Reply = TypeVar("_Reply")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderQuery(Request[_Reply]):
    """REST → reader: a question that the reader begins with before `deadline`, a monotonic time."""

    deadline: float

    def time_left(self) -> float:
        """Return the seconds until then; raises UnavailableError when there are none."""
        left = self.deadline - monotonic()
        if left <= 0:
            raise UnavailableError("the query came too late to be answered")
        return left


@dataclass(frozen=True, slots=True, kw_only=True)
class GetExecutionsById(ReaderQuery[Mapping[int, ShownExecution]]):
    """REST → reader: find executions by id. The reply lacks those that do not exist."""

    execution_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetExecutions(ReaderQuery[tuple[ShownExecution, ...]]):
    """REST → reader: find executions."""

    query: ExecutionQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFills(ReaderQuery[tuple[Evaluation, ...] | None]):
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
