"""What sessions asked for, and what they were or have to be told; read beside their writing."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from psycopg.rows import args_row

from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.fix.book_rows import looked_up, report_of, request_of, sent_of
from fixengine.infra.postgres.fix.looks import Looks
from fixengine.infra.postgres.statements import query
from fixengine.ports.fix import Sent, TakenSession
from fixengine.rules.changes import Refusal
from fixengine.trading.values import (
    Evaluated,
    FixRequest,
    Known,
    Look,
    Refused,
    Standing,
    key_of,
)

_T = TypeVar("_T")


class PostgresFixBooks:
    """See `FixBooks`: short statements of pooled connections."""

    def __init__(self, database: Database) -> None:
        """Take a pool that keeps plans: to make them anew would take longer than all the rest."""
        self._database = database
        self._looks = Looks(database)

    def look(self, session_id: int, cl_ord_ids: Collection[bytes], *, new_orders: int) -> Look:
        """Look up ClOrdIDs that a session gave, and take so many numbers for new orders."""
        looked = self._looks.look(session_id, cl_ord_ids, new_orders=new_orders)
        rows: Sequence[tuple[FixRequest | None, Standing | None]] = ()
        if looked.any_known:
            asked = {
                "session_id": session_id,
                "cl_ord_ids": [*cl_ord_ids],
                "execution_ids": [],
            }
            rows = self._rows("fix_known", looked_up, asked)
        return Look(
            known={
                request.cl_ord_id: Known(request=request, standing=standing)
                for request, standing in rows
                if request is not None
            },
            numbers=tuple((number, -number) for number in looked.numbers),
            now=looked.now,
        )

    def open_orders(self, session_id: int, *, security_id: str | None, limit: int) -> Sequence[int]:
        """Return the executions of a session's open orders, of all securities where it is None.

        They are in their order, and `limit` at most.
        """
        parameters = {"session_id": session_id, "security_id": security_id, "limit": limit}
        with self._database.connection() as connection:
            row = connection.execute(query("fix_open"), parameters).fetchone()
        assert row is not None
        ids: Sequence[int] = row[0]
        return ids

    def standings(self, execution_ids: Collection[int]) -> Sequence[Standing]:
        """Return orders by their executions, in the order of these, as the client was told.

        Those that are forgotten meanwhile are passed over.
        """
        asked = {"session_id": None, "cl_ord_ids": [], "execution_ids": sorted(execution_ids)}
        rows = self._rows("fix_known", looked_up, asked)
        found = [standing for _, standing in rows if standing is not None]
        return sorted(found, key=lambda each: each.execution.id)

    def sent(self, session: TakenSession, first: int, last: int) -> Sequence[Sent]:
        """Return what was sent with these numbers, the last included, in their order."""
        parameters = {
            "session_id": session.id,
            "generation": session.generation,
            "first": first,
            "last": last,
        }
        return self._rows("fix_sent", sent_of, parameters)

    def waiting(self, session_ids: Collection[int]) -> frozenset[int]:
        """Say which of the sessions have anything to be told."""
        with self._database.connection() as connection:
            rows = connection.execute(query("fix_waiting"), {"ids": [*session_ids]}).fetchall()
        return frozenset(row[0] for row in rows)

    def reports(self, session_id: int, *, limit: int) -> Sequence[Evaluated | Refused]:
        """Return what waits longest to be told to a session."""
        parameters = {"session_id": session_id, "limit": limit}
        return self._rows("fix_reports", report_of, parameters)

    def undecided(self, *, in_hand: Iterable[str] = (), limit: int) -> Sequence[FixRequest]:
        """Return the requests to cancel and replace that wait longest, of any session.

        Those with the keys `in_hand` are left out.
        """
        parameters = {"in_hand": [*in_hand], "limit": limit}
        return self._rows("fix_undecided", request_of, parameters)

    def refuse(self, request: FixRequest, refusal: Refusal) -> None:
        """Store that a request is refused, and that its session has to be told, unless decided."""
        parameters = {
            "session_id": request.session_id,
            "cl_ord_id": request.cl_ord_id,
            "key": key_of(request.session_id, request.cl_ord_id),
            "reason": refusal.name,
        }
        with self._database.connection() as connection:
            connection.execute(query("fix_refuse"), parameters)

    def _rows(
        self, name: str, row_of: Callable[..., _T], parameters: Mapping[str, object]
    ) -> Sequence[_T]:
        with (
            self._database.connection() as connection,
            connection.cursor(row_factory=args_row(row_of)) as cursor,
        ):
            return cursor.execute(query(name), parameters, prepare=True).fetchall()
