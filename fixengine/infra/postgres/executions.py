"""The `execution` table: orders become rows, and some of them are due."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from msgspec import Struct, defstruct
from msgspec.structs import astuple
from psycopg.rows import class_row

from fixengine.infra.postgres.apart import apart
from fixengine.infra.postgres.driver.connections import Connection, Database
from fixengine.infra.postgres.rows import recordset
from fixengine.infra.postgres.statements import query
from fixengine.ports.stores import Backlog
from fixengine.rules.halving import Tried
from fixengine.rules.values import Order

_LOCK_CLASS = 0x66697867  # "fixg"; the second key of these locks is the partition


_New: Callable[..., Struct] = defstruct("_New", ["ticker", *Order.__struct_fields__], gc=False)


class PostgresExecutions:
    """Statements on the table; all raise UnavailableError when the database is away."""

    def __init__(self, database: Database, *, first_fill_delay: float) -> None:
        self._database = database
        self._first_fill_delay = first_fill_delay

    def insert_orders(
        self, orders: Sequence[tuple[Order, str]], *, partitions: Collection[int] = ()
    ) -> int:
        """Store orders with their tickers, from partitions of the topic; return how many were new.

        Where an order is there twice, the first one counts. Raises RejectedError when any row is
        refused; then nothing is stored.
        """
        with self._database.connection() as connection:
            with connection.pipeline():  # which is a transaction
                # all prepared at once: later, what fails in a pipeline is taken for prepared
                _lock(connection, partitions, prepare=True)
                parameters = self._parameters(orders)
                inserted = connection.execute(query("insert_orders"), parameters, prepare=True)
            row = inserted.fetchone()
        assert row is not None
        return int(row[0])

    def insert_apart(
        self, orders: Sequence[tuple[Order, str]], *, partitions: Collection[int], within: float
    ) -> Tried:
        """Store orders that were refused together, but for those at fault, in one transaction.

        No further order is begun after `within` seconds, but the first is always tried.
        """
        types = {"first_fill_delay": "float", "orders": "json"}
        with (
            self._database.connection() as connection,
            apart(connection, "insert_orders", **types) as tries,
        ):
            _lock(connection, partitions, prepare=False)
            return tries.store(
                len(orders), lambda places: self._parameters(orders[places]), within=within
            )

    def _parameters(self, orders: Sequence[tuple[Order, str]]) -> dict[str, object]:
        unique = {order.id: new_row(order, ticker) for order, ticker in reversed(orders)}
        return {
            "first_fill_delay": self._first_fill_delay,
            "orders": recordset([*unique.values()]),
        }

    def backlog(self, since: datetime) -> Backlog:
        """Look how far behind the engines are, with what fell due since then."""
        with (
            self._database.connection() as connection,
            connection.cursor(row_factory=class_row(Backlog)) as cursor,
        ):
            backlog = cursor.execute(query("backlog"), {"since": since}).fetchone()
        assert backlog is not None
        return backlog


def _lock(connection: Connection, partitions: Collection[int], *, prepare: bool) -> None:
    if partitions:
        locks = {"lock_class": _LOCK_CLASS, "partitions": sorted(partitions)}
        connection.execute(query("lock_partitions"), locks, prepare=prepare)


def new_row(order: Order, ticker: str) -> Struct:
    """Return an order as `insert_orders.sql` takes it: under its own names, and with its ticker."""
    return _New(ticker, *astuple(order))
