"""The tables as the audit reads them: page by page, each of one moment, and nothing is written."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import psycopg
from psycopg.rows import args_row, class_row

from fixengine.infra.postgres.driver.connections import (
    BY_INDEX,
    Connection,
    open_session,
    translated_errors,
)
from fixengine.infra.postgres.driver.sessions import PINNED
from fixengine.infra.postgres.schema.migrate import assert_current
from fixengine.infra.postgres.statements import query
from fixengine.rules.values import Execution, LedgerEntry

_PAGE = 1_000
_ENOUGH_FILLS = 20_000
"""Fills of a page at which it ends: an execution may have many."""

_NUMBERS = 20_000
_STATEMENT_LIMIT = 60.0

Row: TypeAlias = tuple[Execution, tuple[LedgerEntry, ...], int | None]
"""An execution, its fills in order of number, and the number of the one in the outbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The latest execution, since when there is a ledger, and the database's time."""

    newest: int | None
    ledger_since: datetime | None
    now: datetime


class AuditPages:
    """Raises UnavailableError without a database, SchemaError for one of another schema."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def facts(self) -> Facts:
        """Return what is to be known first."""
        with (
            self._page() as connection,
            connection.cursor(row_factory=class_row(Facts)) as cursor,
        ):
            facts = cursor.execute(query("audit_facts")).fetchone()
        assert facts is not None
        return facts

    def rows(self) -> Iterator[Row]:
        """Yield all executions by their orders."""
        place: Mapping[str, int] = {"order": -(2**31), "id": -(2**31)}
        while page := self._rows_after(place):
            yield from page
            last = page[-1][0]
            place = {"order": last.execution_service_id, "id": last.id}

    def strays(self, *, since: datetime | None, until: datetime | None) -> Iterator[int]:
        """Yield executions that do not exist, but in the ledger; fills of some time alone count."""
        after: int | None = -(2**31)
        while after is not None:
            parameters = {"after": after, "numbers": _NUMBERS, "since": since, "until": until}
            with self._page() as connection:
                row = connection.execute(query("audit_strays"), parameters).fetchone()
            assert row is not None
            after, strays = row
            yield from sorted(strays)

    def outbox_strays(self) -> tuple[int, ...]:
        """Return executions that do not exist, but in the outbox."""
        with self._page() as connection:
            return tuple(row[0] for row in connection.execute(query("audit_outbox_strays")))

    def _rows_after(self, place: Mapping[str, int]) -> Sequence[Row]:
        with self._page() as connection:
            with connection.cursor(row_factory=args_row(Execution)) as cursor:
                found = cursor.execute(query("audit_executions"), {**place, "limit": _PAGE})
                executions = _with_enough_fills(found.fetchall())
            ids = {"ids": [execution.id for execution in executions]}
            fills: defaultdict[int, list[LedgerEntry]] = defaultdict(list)
            with connection.cursor(row_factory=args_row(LedgerEntry)) as cursor:
                for fill in cursor.execute(query("audit_fills"), ids):
                    fills[fill.execution_id].append(fill)
            unpublished: dict[int, int] = dict(connection.execute(query("audit_outbox"), ids))
        return [
            (
                execution,
                tuple(sorted(fills[execution.id], key=lambda fill: fill.number)),
                unpublished.get(execution.id),
            )
            for execution in executions
        ]

    @contextmanager
    def _page(self) -> Iterator[Connection]:
        with translated_errors(), self._connection.transaction():
            yield self._connection


@contextmanager
def audit_pages(dsn: str, *, application_name: str) -> Iterator[AuditPages]:
    """Lend the tables, for reading alone."""
    connection = open_session(
        dsn,
        application_name=application_name,
        statement_limit=_STATEMENT_LIMIT,
        settings={**PINNED, **BY_INDEX},
    )
    with connection:
        assert_current(connection)
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield AuditPages(connection)


def _with_enough_fills(executions: Sequence[Execution]) -> Sequence[Execution]:
    count = 0
    for index, execution in enumerate(executions):
        count += execution.number_of_fills
        if count > _ENOUGH_FILLS and index:
            return executions[:index]
    return executions
