"""What becomes of the rows of a claim: their fills are stored, or they are tried again later."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from fixengine.infra.postgres.apart import Apart, apart
from fixengine.infra.postgres.driver.connections import Connection
from fixengine.infra.postgres.fill_rows import evaluated_row
from fixengine.infra.postgres.rows import recordset
from fixengine.infra.postgres.session import EngineSession
from fixengine.infra.postgres.statements import query
from fixengine.ports.stores import Stored
from fixengine.rules.values import Fill, Postponed


class ClaimedRows:
    """Rows of `execution` by their places in the table, which stay while they are locked.

    All raise UnavailableError.
    """

    def __init__(self, session: EngineSession, places: Mapping[int, str]) -> None:
        """Take the places by the ids of the executions."""
        self._session = session
        self._places = places

    def store(self, fills: Sequence[Fill], postponed: Sequence[Postponed]) -> frozenset[int]:
        """Store fills, put off what is postponed, commit; return the ids whose fill is stored.

        Raises RejectedError when the database refuses any; then nothing is stored.
        """
        with self._session.statements() as connection:
            stored = self._store_fills(connection, fills) if fills else frozenset()
            if postponed:
                connection.execute(query("postpone"), {"postponed": recordset(postponed)})
            connection.execute("commit")
        return stored

    def store_apart(self, fills: Sequence[Fill], within: float) -> Stored:
        """Store fills, but for those at fault; begin no further one after `within` seconds."""
        ids = [fill.execution.id for fill in fills]
        with self._apart("store_fills", ids, owner="integer", fills="json") as (locked, tries):
            mine = [fill for fill in fills if fill.execution.id in locked]
            tried = tries.store(
                len(mine), lambda places: self._parameters(mine[places]), within=within
            )
        stored = frozenset(row[0] for row in tries.returned)
        return Stored(
            ids=stored,
            refused={mine[place].execution.id: why for place, why in tried.refused.items()},
            changed=tried.count - len(stored) - len(tried.refused),
            left=len(mine) - tried.count,
        )

    def postpone_apart(self, postponed: Sequence[Postponed], within: float) -> Stored:
        """Put executions off, but for those at fault; begin no further one after `within`."""
        ids = [each.execution_id for each in postponed]
        with self._apart("postpone", ids, postponed="json") as (locked, tries):
            mine = [each for each in postponed if each.execution_id in locked]
            tried = tries.store(
                len(mine), lambda places: {"postponed": recordset(mine[places])}, within=within
            )
        return Stored(
            refused={mine[place].execution_id: why for place, why in tried.refused.items()},
            left=len(mine) - tried.count,
        )

    def _store_fills(self, connection: Connection, fills: Sequence[Fill]) -> frozenset[int]:
        rows = connection.execute(query("store_fills"), self._parameters(fills)).fetchall()
        return frozenset(row[0] for row in rows)

    @contextmanager
    def _apart(
        self, name: str, ids: Iterable[int], **types: str
    ) -> Iterator[tuple[frozenset[int], Apart]]:
        """Begin a transaction for tries, and lock again what nobody else has claimed since."""
        places = [self._places[id_] for id_ in ids if id_ in self._places]
        with (
            self._session.statements() as connection,
            apart(connection, name, **types) as tries,
        ):
            rows = connection.execute(query("lock_claimed"), {"places": places}).fetchall()
            yield frozenset(row[0] for row in rows), tries

    def _parameters(self, fills: Sequence[Fill]) -> dict[str, object]:
        evaluated = [evaluated_row(fill, self._places.get(fill.execution.id)) for fill in fills]
        return {"owner": self._session.owner, "fills": recordset(evaluated)}
