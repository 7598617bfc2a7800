"""What REST asks for: its questions, their answers, and who gives them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from typing import Protocol

import msgspec

from fixengine.ports.stores import Backlog
from fixengine.rules.values import LedgerEntry, Terms

_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionQuery:
    """A page of executions, highest id first; None means any. `limit` is 1 to 1001."""

    limit: int = 100
    before_id: int | None = None
    is_open: bool | None = None
    status: str | None = None
    ticker: str | None = None
    trade_type: str | None = None
    destination: str | None = None
    execution_service_id: int | None = None
    received_since: datetime | None = None
    received_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerQuery:
    """A page of an execution's fills, lowest number first, from above `after`."""

    execution_id: int
    after: int = 0
    limit: int = 100


class ShownExecution(msgspec.Struct, frozen=True):
    """An execution as `encode_execution` writes it, and what REST has to know of it."""

    id: int
    version: int
    json: str


class Evaluation(msgspec.Struct, frozen=True):
    """A row of the ledger: a fill, or a change and the terms after it."""

    entry: LedgerEntry
    change: str | None = None
    terms: Terms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What some executions add up to."""

    executions: int = 0
    quantity_ordered: Decimal = Decimal(0)
    quantity_filled: Decimal = Decimal(0)
    total_amount: Decimal = Decimal(0)

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            executions=self.executions + other.executions,
            quantity_ordered=_EXACT.add(self.quantity_ordered, other.quantity_ordered),
            quantity_filled=_EXACT.add(self.quantity_filled, other.quantity_filled),
            total_amount=_EXACT.add(self.total_amount, other.total_amount),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtotals:
    """What executions that follow one another by id add up to, by status.

    `last_id` is the highest of their ids, None when there are none.
    """

    by_status: Mapping[str, Sums]
    last_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What all executions add up to, by status, when they were last counted."""

    by_status: Mapping[str, Sums]
    counted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The state of the whole; what can't be known now is None.

    `fills_per_second` is that of all engines, `lag` is in records of the orders topic.
    """

    totals: Totals
    backlog: Backlog | None
    fills_per_second: float | None
    lag: int | None


class ExecutionQueries(Protocol):
    """Queries that each wait `timeout` seconds until they can begin.

    All raise UnavailableError, and of that SlowQueryError when the database took too long.
    """

    def by_id(
        self, execution_ids: Collection[int], *, timeout: float
    ) -> Mapping[int, ShownExecution]:
        """Find executions by the engine's own ids; those that do not exist are left out."""

    def page(self, query: ExecutionQuery, *, timeout: float) -> tuple[ShownExecution, ...]:
        """Find executions, highest id first."""

    def fills(self, query: LedgerQuery, *, timeout: float) -> tuple[Evaluation, ...] | None:
        """Find an execution's fills, lowest number first; None when there is no such execution."""

    def add_up(self, *, after: int, limit: int, timeout: float) -> Subtotals:
        """Add up to `limit` executions from above the id `after`, by status."""

    def held_up(self, limit: float, *, timeout: float) -> str | None:
        """Say what a statement of this engine has waited for, longer than `limit` seconds.

        None when no statement takes as long.
        """


class GroupLag(Protocol):
    """How far the consumer group is behind."""

    def measure(self, timeout: float) -> int:
        """Return how many records of the orders topic are not committed.

        Raises UnavailableError when the broker does not answer within `timeout` seconds.
        """


class ExecutionSource(Protocol):
    """Queries; all raise UnavailableError when the database does not answer in time."""

    def by_id(self, execution_ids: Collection[int]) -> Mapping[int, ShownExecution]:
        """Find executions by the engine's own ids; those that do not exist are left out."""

    def page(self, query: ExecutionQuery) -> tuple[ShownExecution, ...]:
        """Find executions, highest id first."""

    def fills(self, query: LedgerQuery) -> tuple[Evaluation, ...] | None:
        """Find an execution's fills, lowest number first; None when there is no such execution."""


class OverviewSource(Protocol):
    """The state of the whole."""

    def overview(self) -> Overview:
        """Return it; raises UnavailableError when the database does not answer in time."""
