"""The `execution` table: orders become rows, and some of them are due."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from time import monotonic

import msgspec
from psycopg import ClientCursor
from psycopg.rows import class_row

from fixengine.domain import Order
from fixengine.errors import RejectedError
from fixengine.infra.postgres import Connection, Database, query, statements_on
from fixengine.infra.rows import recordset
from fixengine.ports import Backlog, Tried

_LOCK_CLASS = 0x66697867  # "fixg"; the second key of these locks is the partition


class _New(msgspec.Struct, kw_only=True):
    execution_service_id: int
    trade_type: str
    destination: str
    security_id: str
    ticker: str
    quantity_ordered: Decimal
    limit_price: Decimal | None
    received_timestamp: datetime
    trade_service_execution_id: int | None
    version: int
    traceparent: str | None


class Executions:
    """Statements on the table; all raise UnavailableError when the database is away."""

    def __init__(self, database: Database, *, first_fill_delay: float) -> None:
        self._database = database
        self._first_fill_delay = first_fill_delay

    def insert_orders(
        self, orders: Sequence[tuple[Order, str]], *, partitions: Collection[int] = ()
    ) -> int:
        """Store orders with their tickers, from partitions of the topic; return how many were new.

        Of an order that is there twice the first one counts. Raises RejectedError when any row
        is refused; then none is stored.
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
        """Store what is not refused of orders that are refused together, in one transaction.

        None is begun with after `within` seconds, but for the first. A group that is refused is
        halved; when two in a row are taken, the next one is of twice their size.
        """
        refused: dict[int, str] = {}
        count, size, taken = 0, max(len(orders) // 2, 1), 0
        with self._database.connection() as connection, _one_plan_for_all(connection):
            _lock(connection, partitions, prepare=False)
            connection.execute("savepoint before")
            until = monotonic() + within
            while count < len(orders) and (count == 0 or monotonic() < until):
                group = orders[count : count + size]
                reason = self._refusal(connection, group)
                taken = taken + 1 if reason is None else 0
                if reason is None:
                    count += len(group)
                    size *= 2 if taken > 1 else 1
                elif len(group) > 1:
                    size = len(group) // 2
                else:
                    refused[count] = reason
                    count += 1
        return Tried(count=count, refused=refused)

    def _refusal(self, connection: Connection, orders: Sequence[tuple[Order, str]]) -> str | None:
        """Store orders within a transaction, which goes on also where they are refused."""
        try:
            with statements_on(connection), ClientCursor(connection) as cursor:
                cursor.execute(
                    "execute apart (%(first_fill_delay)s, %(orders)s)", self._parameters(orders)
                )
        except RejectedError as error:
            connection.execute("rollback to before")
            return str(error)
        connection.execute("release before; savepoint before")
        return None

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


@contextmanager
def _one_plan_for_all(connection: Connection) -> Iterator[None]:
    """Begin a transaction in which orders are stored many times, with a plan that is made once.

    The driver would forget what it has prepared whenever a part is rolled back.
    """
    insert = query("insert_orders").replace(b"%(first_fill_delay)s", b"$1")
    usual, connection.prepare_threshold = connection.prepare_threshold, None
    prepared = False
    try:
        with connection.transaction():
            connection.execute("set local plan_cache_mode = force_generic_plan")
            connection.execute(
                b"prepare apart (float, json) as " + insert.replace(b"%(orders)s", b"$2")
            )
            prepared = True
            yield
    finally:
        if prepared and not connection.closed:
            connection.execute("deallocate apart")
        connection.prepare_threshold = usual


def _lock(connection: Connection, partitions: Collection[int], *, prepare: bool) -> None:
    if partitions:
        locks = {"lock_class": _LOCK_CLASS, "partitions": sorted(partitions)}
        connection.execute(query("lock_partitions"), locks, prepare=prepare)


def new_row(order: Order, ticker: str) -> _New:
    """Return an order as `insert_orders.sql` takes it."""
    return _New(
        execution_service_id=order.id,
        trade_type=order.trade_type,
        destination=order.destination,
        security_id=order.security_id,
        ticker=ticker,
        quantity_ordered=order.quantity,
        limit_price=order.limit_price,
        received_timestamp=order.received_timestamp,
        trade_service_execution_id=order.trade_service_execution_id,
        version=order.version,
        traceparent=order.traceparent,
    )
