"""Orders and rows for tests on a real database."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from signal import SIGCONT, SIGSTOP
from typing import Any

import psycopg

from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.infra.postgres.awaited import REMEMBERED
from fixengine.infra.postgres.claims import PostgresClaims
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.executions import PostgresExecutions
from fixengine.infra.postgres.outbox import PostgresOutbox
from fixengine.infra.postgres.session import EngineSession
from fixengine.rules.claim_window import ClaimWindow
from fixengine.rules.values import Order, TradeType
from tests.support.network.proxy import Proxy
from tests.support.waiting import wait_for_number

PATIENCE = 200.0
"""Seconds, for what takes long on a machine whose cores are busy."""

SECURITY = "68bda020e3644b42ebcb2bd3"

LEDGER_ROW = """
insert into fill (execution_id, number, quantity, price, filled_at, quantity_filled, total_amount,
    version, announced)
values (1, %s, 2, 43.25, '2026-07-28T12:00:00Z', 4, 173, 3, true)
"""


def order(number: int, **changes: Any) -> Order:
    """Return a market order for ten units, with `changes`."""
    fields: dict[str, Any] = {
        "id": number,
        "trade_type": TradeType.BUY,
        "destination": "ML",
        "security_id": SECURITY,
        "quantity": Decimal(10),
        "limit_price": None,
        "received_timestamp": datetime(2026, 7, 28, tzinfo=UTC),
        "trade_service_execution_id": None,
        "version": 1,
    }
    return Order(**{**fields, **changes})


@contextmanager
def opened(
    dsn: str,
    name: str = "test",
    *,
    statement_limit: float = PATIENCE,
    keeps_plans: bool = False,
) -> Iterator[Database]:
    """Lend an open pool, with more time for a statement than an engine gives itself."""
    database = Database(
        dsn=dsn,
        application_name=name,
        max_connections=3,
        statement_limit=statement_limit,
        keeps_plans=keeps_plans,
    )
    database.open()
    try:
        yield database
    finally:
        database.close()


def new_claims(
    database: Database, window: ClaimWindow | None = None, *, remembers: int = REMEMBERED
) -> PostgresClaims:
    """Return claims in a session of their own, which is not open yet."""
    return PostgresClaims(EngineSession(database, remembers=remembers), window)


@contextmanager
def session(
    database: Database, window: ClaimWindow | None = None, *, remembers: int = REMEMBERED
) -> Iterator[PostgresClaims]:
    """Lend claims whose session is open, and which the server lets wait while a test prepares."""
    claims = new_claims(database, window, remembers=remembers)
    connection = claims.session.open()
    for silence in ("idle_session_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(f"set {silence} = '{PATIENCE:.0f}s'".encode())
    try:
        yield claims
    finally:
        claims.close()


def outbox_of(database: Database, claims: PostgresClaims) -> PostgresOutbox:
    """Return the outbox of the engine that has these claims."""
    return PostgresOutbox(database, claims.session)


def mark_published(
    database: Database, claims: PostgresClaims, fills: Sequence[tuple[int, int]]
) -> bool:
    """Do what the repository does with (execution id, fill number) that the broker has.

    Says whether the last claim has passed over any of the executions.
    """
    outbox_of(database, claims).mark_published(fills)
    return claims.published(fills)


@contextmanager
def through_a_proxy(
    dsn: str, server: Postgres, workspace: Workspace
) -> Iterator[tuple[Proxy, str]]:
    """Lend a proxy before the server, and the connection string that goes through it."""
    proxy = Proxy(port=workspace.reserve_port(), target=server.port)
    proxy.start()
    try:
        yield proxy, dsn.replace(f":{server.port}/", f":{proxy.port}/")
    finally:
        proxy.stop()


@contextmanager
def silenced(dsn: str, server: Postgres) -> Iterator[None]:
    """Let none of the sessions that the database has now answer anything meanwhile."""
    with psycopg.connect(dsn) as connection:
        backends = connection.execute(
            "select pid from pg_stat_activity where datname = current_database() "
            "and backend_type = 'client backend' and pid <> pg_backend_pid()"
        ).fetchall()
    for (backend,) in backends:
        server.signal(backend, SIGSTOP)
    try:
        yield
    finally:
        for (backend,) in backends:
            server.signal(backend, SIGCONT)


def wait_until_blocked(dsn: str, statement: str) -> None:
    """Wait until a statement like this waits for a lock that somebody else holds."""
    blocked = (
        "select exists (select from pg_stat_activity where datname = current_database() "
        f"and wait_event_type = 'Lock' and query like '%{statement}')"
    )
    wait_until(lambda: one(dsn, blocked), 60, f"{statement} to be blocked")


def refusing(what: str, words: str, *, when: str = "true") -> str:
    """Return a trigger, `odd`, that refuses rows with these words: `insert on fill`, say."""
    return (
        "create function odd() returns trigger language plpgsql as "
        f"$$ begin raise exception '{words}'; end $$;"
        f"create trigger odd before {what} for each row when ({when}) execute function odd()"
    )


def fill_with_orders(database: Database, numbers: range, **changes: Any) -> None:
    """Store orders that are due at once."""
    executions = PostgresExecutions(database, first_fill_delay=0)
    executions.insert_orders([(order(number, **changes), "A") for number in numbers])


@contextmanager
def counting(dsn: str) -> Iterator[Callable[[str], int]]:
    """Lend what counts the rows of a condition, again and again.

    All looks share a connection: one of its own costs each ten times as much.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:

        def counted(condition: str) -> int:
            row = connection.execute(f"select count(*) from {condition}".encode()).fetchone()
            assert row is not None
            return int(row[0])

        yield counted


def count(dsn: str, condition: str) -> int:
    """Return the number of rows of a condition, now."""
    with counting(dsn) as counted:
        return counted(condition)


def wait_for_more(dsn: str, condition: str, number: int, seconds: float = 60) -> None:
    """Wait until there are more than so many rows; their number may stand still for `seconds`."""
    with counting(dsn) as counted:
        wait_for_number(
            lambda: counted(condition),
            lambda rows: rows > number,
            seconds,
            f"more than {number} rows of {condition}",
        )


def one(dsn: str, statement: str) -> Any:
    """Return the first column of the only row."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def change(dsn: str, *statements: str) -> None:
    """Change the database, as whoever the connection string names.

    A statement that meets an engine's in a deadlock, and is the one that ends, is tried again.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            while not _is_changed(connection, statement):
                pass


def _is_changed(connection: psycopg.Connection, statement: str) -> bool:
    try:
        connection.execute(statement.encode())
    except psycopg.errors.DeadlockDetected:
        return False
    return True
