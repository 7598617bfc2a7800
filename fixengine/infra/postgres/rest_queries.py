"""What REST reads: one statement a question."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from psycopg.rows import args_row, kwargs_row

from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.statements import query
from fixengine.ports.queries import (
    Evaluation,
    ExecutionQuery,
    LedgerQuery,
    ShownExecution,
    Subtotals,
    Sums,
)
from fixengine.rules.values import LedgerEntry, Terms

_HOLD_UPS = {  # by what PostgreSQL calls the event that is waited for
    "SyncRep": "commits wait for a synchronous standby: start it, or take it out of "
    "synchronous_standby_names",
}


class PostgresQueries:
    """Queries that each wait `timeout` seconds for a connection.

    For how long the server looks for an answer is the database's `statement_limit`. All raise
    UnavailableError, and of that SlowQueryError when the server gave up.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_id(
        self, execution_ids: Collection[int], *, timeout: float
    ) -> Mapping[int, ShownExecution]:
        """Return executions by their own ids; those that do not exist are left out."""
        parameters = {"ids": list(execution_ids)}
        found = self._database.rows(args_row(ShownExecution), "get_executions", parameters, timeout)
        return {execution.id: execution for execution in found}

    def page(self, criteria: ExecutionQuery, *, timeout: float) -> tuple[ShownExecution, ...]:
        """Return a page, highest id first."""
        return self._database.rows(
            args_row(ShownExecution), "page_executions", asdict(criteria), timeout
        )

    def fills(self, criteria: LedgerQuery, *, timeout: float) -> tuple[Evaluation, ...] | None:
        """Return a page of an execution's fills, lowest number first; None when it has no row."""
        found = self._database.rows(args_row(_evaluation), "page_fills", asdict(criteria), timeout)
        if not found and not self.by_id((criteria.execution_id,), timeout=timeout):
            return None
        return found

    def add_up(self, *, after: int, limit: int, timeout: float) -> Subtotals:
        """Return what up to `limit` executions from above the id `after` add up to, by status."""
        rows = self._database.rows(
            kwargs_row(_subtotal), "add_up", {"after": after, "limit": limit}, timeout
        )
        return Subtotals(
            by_status={status: sums for status, _, sums in rows},
            last_id=max((last_id for _, last_id, _ in rows), default=None),
        )

    def held_up(self, limit: float, *, timeout: float) -> str | None:
        """Say what a statement of this engine has waited for, longer than `limit` seconds."""
        with self._database.connection(timeout) as connection:
            row = connection.execute(query("held_up"), {"limit": limit}).fetchone()
        if row is None:
            return None
        return _HOLD_UPS.get(row[0]) or (
            f"the database does not end a statement, which waits for {row[0] or 'nothing'}: the "
            "log of the database or of its machine may say why"
        )


def _evaluation(*values: Any) -> Evaluation:
    *entry, kind, quantity, limit = values
    terms = None if kind is None else Terms(quantity, limit)
    return Evaluation(LedgerEntry(*entry), kind, terms)


def _subtotal(status: str, last_id: int, **sums: object) -> tuple[str, int, Sums]:
    return status, last_id, Sums(**sums)  # type: ignore[arg-type]  # the query's columns are its fields
