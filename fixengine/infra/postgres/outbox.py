"""The `outbox` table: fills that are stored but not acknowledged by the broker yet."""

from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Any, TypeAlias

import msgspec
from psycopg import Cursor
from psycopg.rows import RowMaker

from fixengine.infra.postgres.claims import LOCK_CLASS, ClaimSession
from fixengine.infra.postgres.driver.connections import Database, query
from fixengine.infra.postgres.rows import recordset
from fixengine.ports.stores import OutboxPage, TakeOver
from fixengine.rules.values import Execution, Fill


class _Published(msgspec.Struct):
    execution_id: int
    number: int


class OutboxTable:
    """This engine's rows and those of engines that are gone; all raise UnavailableError."""

    def __init__(self, database: Database, claims: ClaimSession) -> None:
        self._database = database
        self._claims = claims

    def take_over(self, suspects: frozenset[int]) -> TakeOver:
        """Adopt what those of the suspects left that are still gone; return who is gone."""
        parameters = {
            "owner": self._claims.owner,
            "lock_class": LOCK_CLASS,
            "suspects": list(suspects),
        }
        with self._database.connection() as connection:
            began = monotonic()
            row = connection.execute(query("take_over"), parameters).fetchone()
            took = monotonic() - began
        assert row is not None
        return TakeOver(gone=frozenset(row[0]), fills=row[1], seconds=took)

    def unpublished(self, *, after: int, limit: int, older_than: float) -> OutboxPage:
        """Return up to `limit` of this engine's fills, by execution id, from above `after`.

        They were stored at least `older_than` seconds ago. None while the lock is not held: any is
        a proof that it is.
        """
        parameters = {
            "owner": self._claims.owner,
            "lock_class": LOCK_CLASS,
            "after": after,
            "limit": limit,
            "older_than": older_than,
        }
        with (
            self._database.connection() as connection,
            connection.cursor(row_factory=_stored_fill_row) as cursor,
        ):
            began = monotonic()
            rows = cursor.execute(query("unpublished"), parameters).fetchall()
            took = monotonic() - began
        if rows:
            self._claims.lease.renew(began)
        return OutboxPage(
            seconds=took,
            fills=tuple(fill for _, fill in rows),
            since=min((stored_at for stored_at, _ in rows), default=None),
        )

    def mark_published(self, fills: Sequence[tuple[int, int]]) -> int:
        """Remove acknowledged (execution id, fill number).

        Returns how many there were: fewer when another engine took some over meanwhile.
        """
        marked = recordset([_Published(*each) for each in fills])
        parameters = {"fills": marked, "owner": self._claims.owner}
        with self._database.connection() as connection:
            count = connection.execute(query("mark_published"), parameters).rowcount
        self._claims.published(fills)
        return count


_StoredFill: TypeAlias = tuple[datetime, Fill]


def _stored_fill_row(_cursor: Cursor[_StoredFill]) -> RowMaker[_StoredFill]:
    """Make fills of rows: after four columns of their own come those of the execution."""

    def make(values: Sequence[Any]) -> _StoredFill:
        stored_at, quantity, price, announced, *execution = values
        return stored_at, Fill(
            quantity=quantity,
            price=price,
            announced=announced,
            execution=Execution(*execution),
        )

    return make
