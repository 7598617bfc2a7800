"""The `execution` table: orders become rows, and REST reads them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from psycopg.rows import class_row

from fixengine.domain import Execution, Order
from fixengine.infra.postgres import Database, query
from fixengine.ports import ExecutionQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How far behind the engines are, counted to 10,000. `oldest_due_age` is in seconds."""

    due: int
    oldest_due_age: float
    unpublished: int


def insert_orders(
    database: Database, orders: Sequence[tuple[Order, str]], *, first_fill_delay: float
) -> int:
    """Store orders with their tickers; return how many were new.

    The first fill falls due `first_fill_delay` seconds after now. Raises UnavailableError, and
    RejectedError when any row is refused; then none is stored.
    """
    unique = {order.id: (order, ticker) for order, ticker in reversed(orders)}.values()
    parameters = {
        "first_fill_delay": first_fill_delay,
        "execution_service_ids": [order.id for order, _ in unique],
        "trade_types": [order.trade_type.value for order, _ in unique],
        "destinations": [order.destination for order, _ in unique],
        "security_ids": [order.security_id for order, _ in unique],
        "tickers": [ticker for _, ticker in unique],
        "quantities": [order.quantity for order, _ in unique],
        "limit_prices": [order.limit_price for order, _ in unique],
        "received": [order.received_timestamp for order, _ in unique],
        "trade_service_execution_ids": [order.trade_service_execution_id for order, _ in unique],
        "versions": [order.version for order, _ in unique],
    }
    with database.connection() as connection:
        return connection.execute(query("insert_orders"), parameters).rowcount


def get_execution(database: Database, execution_id: int, *, timeout: float) -> Execution | None:
    """Return one execution by its own id; raises UnavailableError after `timeout` seconds."""
    with (
        database.connection(timeout) as connection,
        connection.cursor(row_factory=class_row(Execution)) as cursor,
    ):
        return cursor.execute(query("get_execution"), {"id": execution_id}).fetchone()


def page_executions(
    database: Database, criteria: ExecutionQuery, *, timeout: float
) -> tuple[Execution, ...]:
    """Return a page, highest id first; raises UnavailableError after `timeout` seconds."""
    with (
        database.connection(timeout) as connection,
        connection.cursor(row_factory=class_row(Execution)) as cursor,
    ):
        cursor.execute(query("page_executions"), asdict(criteria), prepare=False)
        return tuple(cursor.fetchall())


def read_backlog(database: Database) -> Backlog:
    """Count due executions and unpublished fills; raises UnavailableError."""
    with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(Backlog)) as cursor,
    ):
        backlog = cursor.execute(query("backlog")).fetchone()
    assert backlog is not None
    return backlog
