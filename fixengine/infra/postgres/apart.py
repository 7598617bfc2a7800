"""Rows that the database refuses together: one transaction stores all but those at fault."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic

from psycopg import ClientCursor
from psycopg.rows import TupleRow

from fixengine.errors import RejectedError
from fixengine.infra.postgres.driver.connections import Connection, statements_on
from fixengine.infra.postgres.statements import query
from fixengine.rules.halving import Tried, find_refused


class Apart:
    """A statement that is tried on one part of the rows after another.

    `returned` has what it returned for the parts that the database took.
    """

    def __init__(self, connection: Connection, call: bytes) -> None:
        self.returned: list[TupleRow] = []
        self._connection = connection
        self._call = call

    def store(
        self, count: int, parameters: Callable[[slice], Mapping[str, object]], *, within: float
    ) -> Tried:
        """Store `count` rows, but for those at fault; begin no part after `within` seconds."""
        self._connection.execute("savepoint before")
        until = monotonic() + within
        return find_refused(
            count,
            lambda places: self._refusal(parameters(places)),
            has_time=lambda: monotonic() < until,
        )

    def _refusal(self, parameters: Mapping[str, object]) -> str | None:
        """Store rows within the transaction, which goes on also where they are refused."""
        try:
            with statements_on(self._connection), ClientCursor(self._connection) as cursor:
                cursor.execute(self._call, parameters)
                returned = cursor.fetchall() if cursor.description else []
        except RejectedError as error:
            self._connection.execute("rollback to before")
            return str(error)
        self._connection.execute("release before; savepoint before")
        self.returned += returned
        return None


@contextmanager
def apart(connection: Connection, name: str, **types: str) -> Iterator[Apart]:
    """Begin a transaction for a statement's many tries, with a plan that is made once.

    `types` are those of its parameters. It is prepared by hand, as the driver forgets what it has
    prepared whenever a part is rolled back. Deferred constraints and triggers speak at once.
    """
    statement = query(name)
    for number, parameter in enumerate(types, start=1):
        statement = statement.replace(f"%({parameter})s".encode(), f"${number}".encode())
    usual, connection.prepare_threshold = connection.prepare_threshold, None
    prepared = False
    try:
        with connection.transaction():
            connection.execute("set local plan_cache_mode = force_generic_plan")
            connection.execute("set constraints all immediate")
            connection.execute(
                f"prepare apart ({', '.join(types.values())}) as ".encode() + statement
            )
            prepared = True
            called = ", ".join(f"%({parameter})s" for parameter in types)
            yield Apart(connection, f"execute apart ({called})".encode())
    finally:
        if prepared and not connection.closed:
            connection.execute("deallocate apart")
        connection.prepare_threshold = usual
