"""Changes of executions: in a session beside the engine's own, as they wait for locks of claims."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from psycopg.rows import args_row

from fixengine.errors import FixengineError, UnavailableError
from fixengine.infra.postgres.change_rows import parameters_of
from fixengine.infra.postgres.driver.connections import Connection, Database, statements_on
from fixengine.infra.postgres.rows import recordset
from fixengine.infra.postgres.session import EngineSession
from fixengine.infra.postgres.statements import query
from fixengine.ports.changes import KnownChange, Locked
from fixengine.rules.changes import ChangeRequest, as_after
from fixengine.rules.values import Change, ChangeKind, Execution, LedgerEntry, Terms

_ENTRY = len(LedgerEntry.__struct_fields__)


class _Asked(msgspec.Struct):
    execution_id: int
    key: str


_NO_ENGINE = 0  # engines are numbered from 1


class PostgresChanges:
    """Locks executions, and stores what becomes of them under the number of the engine's session.

    The connection is opened with the first request. All raise UnavailableError.
    """

    def __init__(self, database: Database, session: EngineSession | None) -> None:
        """Take the pool, and the engine's session; without one a living engine publishes."""
        self._database = database
        self._session = session
        self._connection: Connection | None = None
        self._places: Mapping[int, str] = {}

    def lock(self, requests: Sequence[ChangeRequest], *, within: float) -> Locked:
        """Lock the executions of these requests, waiting `within` seconds for each at the most.

        They stay locked until `store` or `abandon`. Raises UnavailableError, with nothing locked,
        when another session holds one for longer.
        """
        self.abandon()
        ids = {"ids": sorted({request.execution_id for request in requests})}
        asked = [_Asked(each.execution_id, each.key) for each in requests if each.key is not None]
        with self._given_back_on_failure(), self._statements() as connection:
            connection.execute("begin")
            connection.execute(f"set local lock_timeout = {max(within * 1000, 1):.0f}".encode())
            connection.execute(query("lock_changing"), ids)
            cursor = connection.cursor(row_factory=args_row(_looked_at))
            rows = cursor.execute(query("changing"), ids).fetchall()
            known = _known(connection, asked) if asked else {}
        self._places = {execution.id: place for place, *_, execution in rows}
        return Locked(
            executions={execution.id: execution for *_, execution in rows},
            unpublished=frozenset(execution.id for _, waits, *_, execution in rows if waits),
            not_numbers=frozenset(execution.id for _, _, odd, _, execution in rows if odd),
            now=max((now for *_, now, _ in rows), default=None),
            known=known,
        )

    def store(self, changes: Sequence[Change]) -> frozenset[int]:
        """Store changes of what is locked, commit, unlock; return the ids of those stored.

        Raises RejectedError, with nothing stored, when the database refuses any.
        """
        with self._given_back_on_failure(), self._statements() as connection:
            owner = _NO_ENGINE if self._session is None else self._session.owner
            parameters = parameters_of(changes, self._places, owner=owner)
            rows_stored = connection.execute(query("store_changes"), parameters).fetchall()
            connection.execute("commit")
        stored = frozenset(row[0] for row in rows_stored)
        if self._session is not None:
            # or each message would send claims back, to look for what they may have passed over
            self._session.awaited.add([change.fill for change in changes], stored)
        return stored

    def abandon(self) -> None:
        """Unlock what is locked, if anything."""
        connection = self._connection
        if connection is not None and connection.info.transaction_status:
            try:
                with statements_on(connection):
                    connection.execute("rollback")
            except UnavailableError:
                self.close()

    def close(self) -> None:
        """Let go of the connection: what was locked is free. Safe to call twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _statements(self) -> Iterator[Connection]:
        if self._connection is None or self._connection.closed:
            self._connection = self._database.session()
        with statements_on(self._connection):
            yield self._connection

    @contextmanager
    def _given_back_on_failure(self) -> Iterator[None]:
        try:
            yield
        except FixengineError:
            self.abandon()
            raise


def _looked_at(
    place: str, unpublished: bool, not_numbers: bool, now: datetime, *row: Any
) -> tuple[str, bool, bool, datetime, Execution]:
    return place, unpublished, not_numbers, now, Execution(*row)


def _known(connection: Connection, asked: Sequence[_Asked]) -> dict[tuple[int, str], KnownChange]:
    cursor = connection.cursor(row_factory=args_row(_known_change))
    return dict(cursor.execute(query("known_changes"), {"asked": recordset(asked)}).fetchall())


def _known_change(
    key: str, kind: str, quantity: Any, limit: Any, *values: Any
) -> tuple[tuple[int, str], KnownChange]:
    entry = LedgerEntry(*values[:_ENTRY])
    after = as_after(
        Execution(*values[_ENTRY:]), entry, kind=ChangeKind(kind), terms=Terms(quantity, limit)
    )
    return (entry.execution_id, key), KnownChange(kind=ChangeKind(kind), execution=after)
