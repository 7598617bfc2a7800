"""The `outbox` table: fills that are stored but not acknowledged by the broker yet."""

from collections.abc import Sequence
from typing import Any

from psycopg import Cursor
from psycopg.rows import RowMaker

from fixengine.domain import Execution, Fill
from fixengine.infra.claims import LOCK_CLASS, ClaimSession
from fixengine.infra.postgres import Database, query
from fixengine.ports import TakeOver


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
            row = connection.execute(query("take_over"), parameters).fetchone()
        assert row is not None
        return TakeOver(gone=frozenset(row[0]), fills=row[1])

    def unpublished(self, *, after: int, limit: int) -> tuple[Fill, ...]:
        """Return up to `limit` of this engine's fills, by execution id, from above `after`."""
        parameters = {"owner": self._claims.owner, "after": after, "limit": limit}
        with (
            self._database.connection() as connection,
            connection.cursor(row_factory=_fill_row) as cursor,
        ):
            return tuple(cursor.execute(query("unpublished"), parameters).fetchall())

    def mark_published(self, fills: Sequence[tuple[int, int]]) -> int:
        """Remove acknowledged (execution id, fill number).

        Returns how many there were: fewer when another engine took some over meanwhile.
        """
        parameters = {
            "execution_ids": [execution_id for execution_id, _ in fills],
            "numbers": [number for _, number in fills],
            "owner": self._claims.owner,
        }
        with self._database.connection() as connection:
            return connection.execute(query("mark_published"), parameters).rowcount


def _fill_row(cursor: Cursor[Fill]) -> RowMaker[Fill]:
    """Make fills of rows whose first three columns are the fill's, the others its execution's."""
    names = [column.name for column in cursor.description or ()][3:]

    def make(values: Sequence[Any]) -> Fill:
        quantity, price, announced, *execution = values
        return Fill(
            quantity=quantity,
            price=price,
            announced=announced,
            execution=Execution(**dict(zip(names, execution, strict=True))),
        )

    return make
