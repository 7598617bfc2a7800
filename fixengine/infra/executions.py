"""The `execution` table: orders become rows, and some of them are due."""

from collections.abc import Sequence

from psycopg.rows import class_row

from fixengine.domain import Order
from fixengine.infra.postgres import Database, query
from fixengine.ports import Backlog


class Executions:
    """Statements on the table; all raise UnavailableError when the database is away."""

    def __init__(self, database: Database, *, first_fill_delay: float) -> None:
        self._database = database
        self._first_fill_delay = first_fill_delay

    def insert_orders(self, orders: Sequence[tuple[Order, str]]) -> int:
        """Store orders with their tickers; return how many were new.

        Of an order that is there twice the first one counts. Raises RejectedError when any row
        is refused; then none is stored.
        """
        unique = {order.id: (order, ticker) for order, ticker in reversed(orders)}.values()
        parameters = {
            "first_fill_delay": self._first_fill_delay,
            "execution_service_ids": [order.id for order, _ in unique],
            "trade_types": [order.trade_type.value for order, _ in unique],
            "destinations": [order.destination for order, _ in unique],
            "security_ids": [order.security_id for order, _ in unique],
            "tickers": [ticker for _, ticker in unique],
            "quantities": [order.quantity for order, _ in unique],
            "limit_prices": [order.limit_price for order, _ in unique],
            "received": [order.received_timestamp for order, _ in unique],
            "trade_service_execution_ids": [
                order.trade_service_execution_id for order, _ in unique
            ],
            "versions": [order.version for order, _ in unique],
            "traceparents": [order.traceparent for order, _ in unique],
        }
        with self._database.connection() as connection:
            row = connection.execute(query("insert_orders"), parameters).fetchone()
        assert row is not None
        return int(row[0])

    def backlog(self) -> Backlog:
        """Look how far behind the engines are."""
        with (
            self._database.connection() as connection,
            connection.cursor(row_factory=class_row(Backlog)) as cursor,
        ):
            backlog = cursor.execute(query("backlog")).fetchone()
        assert backlog is not None
        return backlog
