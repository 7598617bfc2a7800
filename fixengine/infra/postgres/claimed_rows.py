"""What becomes of the rows of a claim: they are filled, or end, or are tried again later."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from psycopg.rows import TupleRow

from fixengine.infra.postgres.apart import Apart, apart
from fixengine.infra.postgres.change_rows import parameters_of
from fixengine.infra.postgres.driver.connections import Connection
from fixengine.infra.postgres.fill_rows import evaluated_row
from fixengine.infra.postgres.rows import recordset
from fixengine.infra.postgres.session import EngineSession
from fixengine.infra.postgres.statements import query
from fixengine.ports.stores import Stored
from fixengine.rules.values import Change, Fill, Postponed

_Evaluation = TypeVar("_Evaluation", Fill, Change)


class ClaimedRows:
    """Rows of `execution` by their places in the table, which stay while they are locked.

    All raise UnavailableError.
    """

    def __init__(self, session: EngineSession, places: Mapping[int, str]) -> None:
        """Take the places by the ids of the executions."""
        self._session = session
        self._places = places

    def store(
        self, fills: Sequence[Fill], postponed: Sequence[Postponed], ended: Sequence[Change]
    ) -> frozenset[int]:
        """Store fills and ends, put off what is postponed, commit; return the ids stored.

        Raises RejectedError when the database refuses any; then nothing is stored.
        """
        with self._session.statements() as connection:
            stored = self._write(connection, fills, postponed, ended)
            connection.execute("commit")
        return frozenset(row[0] for row in stored)

    def store_apart(self, fills: Sequence[Fill], within: float) -> Stored:
        """Store fills, but for those at fault; begin no further one after `within` seconds."""
        by_id = {fill.execution.id: fill for fill in fills}
        types = {"owner": "integer", "fills": "json"}
        return self._stored_apart("store_fills", types, by_id, self._fills, within)

    def end_apart(self, ended: Sequence[Change], within: float) -> Stored:
        """Store ends, but for those at fault; begin no further one after `within` seconds."""
        by_id = {each.fill.execution.id: each for each in ended}
        types = {"owner": "integer", "lock_class": "integer", "changes": "json"}
        return self._stored_apart("store_changes", types, by_id, self._ends, within)

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

    def _write(
        self,
        connection: Connection,
        fills: Sequence[Fill],
        postponed: Sequence[Postponed],
        ended: Sequence[Change],
    ) -> list[TupleRow]:
        written: list[TupleRow] = []
        if fills:
            written += connection.execute(query("store_fills"), self._fills(fills)).fetchall()
        if ended:
            written += connection.execute(query("store_changes"), self._ends(ended)).fetchall()
        if postponed:
            connection.execute(query("postpone"), {"postponed": recordset(postponed)})
        return written

    def _stored_apart(
        self,
        name: str,
        types: Mapping[str, str],
        evaluations: Mapping[int, _Evaluation],
        parameters: Callable[[Sequence[_Evaluation]], Mapping[str, object]],
        within: float,
    ) -> Stored:
        with self._apart(name, evaluations, **types) as (locked, tries):
            mine = [id_ for id_ in evaluations if id_ in locked]
            tried = tries.store(
                len(mine),
                lambda places: parameters([evaluations[id_] for id_ in mine[places]]),
                within=within,
            )
        stored = frozenset(row[0] for row in tries.returned)
        return Stored(
            ids=stored,
            refused={mine[place]: why for place, why in tried.refused.items()},
            changed=tried.count - len(stored) - len(tried.refused),
            left=len(mine) - tried.count,
        )

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

    def _fills(self, fills: Sequence[Fill]) -> Mapping[str, object]:
        evaluated = [evaluated_row(fill, self._places.get(fill.execution.id)) for fill in fills]
        return {"owner": self._session.owner, "fills": recordset(evaluated)}

    def _ends(self, ended: Sequence[Change]) -> Mapping[str, object]:
        return parameters_of(ended, self._places, owner=self._session.owner)
