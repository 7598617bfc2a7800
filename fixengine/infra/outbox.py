"""The `outbox` table: fills that are stored but not acknowledged by the broker yet."""

from collections.abc import Sequence
from typing import Any

from psycopg import Cursor
from psycopg.rows import RowMaker

from fixengine.domain import Execution, Fill
from fixengine.infra.claims import LOCK_CLASS
from fixengine.infra.postgres import Database, query


def take_over(database: Database, *, owner: int) -> int:
    """Make `owner` the publisher of what engines that are gone left; return how many rows."""
    with database.connection() as connection:
        parameters = {"owner": owner, "lock_class": LOCK_CLASS}
        return connection.execute(query("take_over"), parameters).rowcount


def unpublished(database: Database, *, owner: int, after: int, limit: int) -> tuple[Fill, ...]:
    """Return up to `limit` of `owner`'s unpublished fills, by execution id, above id `after`."""
    with (
        database.connection() as connection,
        connection.cursor(row_factory=_fill_row) as cursor,
    ):
        parameters = {"owner": owner, "after": after, "limit": limit}
        return tuple(cursor.execute(query("unpublished"), parameters).fetchall())


def mark_published(database: Database, fills: Sequence[tuple[int, int]], *, owner: int) -> int:
    """Remove acknowledged (execution id, fill number) from the outbox.

    Returns how many there were: fewer when another engine took some over meanwhile.
    """
    parameters = {
        "execution_ids": [execution_id for execution_id, _ in fills],
        "numbers": [number for _, number in fills],
        "owner": owner,
    }
    with database.connection() as connection:
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
