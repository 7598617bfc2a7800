"""The `outbox` table: fills that are stored but not acknowledged by the broker yet."""

from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Any

import msgspec
from psycopg.rows import args_row

from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.rows import recordset
from fixengine.infra.postgres.session import LOCK_CLASS, EngineSession
from fixengine.infra.postgres.statements import query
from fixengine.infra.postgres.stored_fills import stored_fill
from fixengine.ports.stores import OutboxPage, TakeOver
from fixengine.rules.values import Fill


class _Published(msgspec.Struct):
    execution_id: int
    number: int


class PostgresOutbox:
    """This engine's rows and those of engines that are gone; all raise UnavailableError."""

    def __init__(self, database: Database, session: EngineSession) -> None:
        """Take the pool for its statements, and the session under whose number the rows are."""
        self._database = database
        self._session = session

    def take_over(self, suspects: frozenset[int]) -> TakeOver:
        """Adopt the fills of those suspects that are still gone; return who is gone.

        It also says whether any fill waits that is this engine's, or is from now on.
        """
        parameters = {
            "owner": self._session.owner,
            "lock_class": LOCK_CLASS,
            "suspects": list(suspects),
        }
        with self._database.connection() as connection:
            began = monotonic()
            row = connection.execute(query("take_over"), parameters).fetchone()
            took = monotonic() - began
        assert row is not None
        gone, taken, has_own = row
        return TakeOver(gone=frozenset(gone), fills=taken, own=has_own or taken > 0, seconds=took)

    def unpublished(self, *, after: int, limit: int, older_than: float) -> OutboxPage:
        """Return up to `limit` of this engine's fills, by execution id, from above `after`.

        They were stored at least `older_than` seconds ago. The page is empty while this engine's
        lock is not held, so a fill in it proves that it is, and renews the lease.
        """
        parameters = {
            "owner": self._session.owner,
            "lock_class": LOCK_CLASS,
            "after": after,
            "limit": limit,
            "older_than": older_than,
        }
        with (
            self._database.connection() as connection,
            connection.cursor(row_factory=args_row(_stored_fill)) as cursor,
        ):
            began = monotonic()
            rows = cursor.execute(query("unpublished"), parameters).fetchall()
            took = monotonic() - began
        if rows:
            self._session.lease.renew(began)
        return OutboxPage(
            seconds=took,
            fills=tuple(fill for _, fill in rows),
            since=min((stored_at for stored_at, _ in rows), default=None),
        )

    def mark_published(self, fills: Sequence[tuple[int, int]]) -> int:
        """Remove fills that the broker acknowledged, by (execution id, fill number).

        Returns how many of them were there: another engine may have taken some over meanwhile.
        """
        marked = recordset([_Published(*each) for each in fills])
        parameters = {"fills": marked, "owner": self._session.owner}
        with self._database.connection() as connection:
            return connection.execute(query("mark_published"), parameters).rowcount


def _stored_fill(stored_at: datetime, *values: Any) -> tuple[datetime, Fill]:
    return stored_at, stored_fill(*values)
