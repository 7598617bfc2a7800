"""Nobody waits for a database for ever: not for a connection, not for a statement."""

import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import inf
from threading import Event
from time import monotonic

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fixengine.demo.servers.broker import Broker
from fixengine.demo.servers.postgres import Postgres, accepts_logins
from fixengine.demo.topics import TopicNames
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.errors import ImpairedError, UnavailableError
from fixengine.infra.postgres.driver.connections import Connection, Database, open_session
from fixengine.infra.postgres.schema.migrate import turn
from fixengine.supervision import patience
from tests.programs import wanted
from tests.support.engines import part, surroundings, wait_until_ready
from tests.support.network.pooler import Pooler, PoolMode
from tests.support.network.proxy import Flow
from tests.support.rows import opened, through_a_proxy

FOR_EVER = 3600.0


def assert_a_stop_ends(wait: Callable[[], object]) -> None:
    """Wait as an actor does, and begin its stop."""
    by = inf
    waits = Event()

    def run() -> None:
        patience.wait_until(lambda: by)
        waits.set()
        with pytest.raises(UnavailableError):
            wait()

    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(run)
        waits.wait(60)
        by = monotonic() + 0.2
        done.result(60)


def test_where_nothing_came_from_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        _, port = listener.getsockname()
        dsn = f"postgresql://nobody@127.0.0.1:{port}/nothing?connect_timeout=2"
        with pytest.raises(UnavailableError, match=f"nothing comes from 127.0.0.1:{port}$"):
            open_session(dsn, application_name="test")


def test_a_wait_for_a_connection_ends_with_the_stop(workspace: Workspace) -> None:
    nowhere = f"postgresql://nobody@127.0.0.1:{workspace.reserve_port()}/nothing"
    with opened(nowhere) as pool:
        assert_a_stop_ends(lambda: pool.connection(FOR_EVER).__enter__())


def test_a_wait_for_a_statement_ends_with_the_stop(database: str) -> None:
    def wait() -> None:
        with pool.connection() as connection:
            connection.execute("select pg_sleep(3600)")

    with opened(database, statement_limit=FOR_EVER) as pool:
        assert_a_stop_ends(wait)
        with pool.connection(60) as connection:
            select_one(connection)


def select_one(connection: Connection) -> None:
    assert connection.execute("select 1").fetchone() == (1,)


def select_in_a_pipeline(connection: Connection) -> None:
    with connection.pipeline():
        connection.execute("select 1")
        connection.execute("select 2").fetchone()


@pytest.mark.parametrize("ask", [select_one, select_in_a_pipeline])
def test_a_server_that_falls_silent_is_given_up_and_found_again(
    database: str, postgres: Postgres, workspace: Workspace, ask: Callable[[Connection], None]
) -> None:
    def fall_silent(pool: Database) -> None:
        with pool.connection(60) as connection:
            proxy.set(Flow.SILENT)
            ask(connection)

    with (
        through_a_proxy(database, postgres, workspace) as (proxy, dsn),
        opened(dsn, statement_limit=0.1) as pool,
    ):
        with pytest.raises(UnavailableError, match="has not answered for"):
            fall_silent(pool)
        proxy.set(Flow.OPEN)
        with pool.connection(60) as connection:
            ask(connection)


def test_who_changes_the_schema_may_take_longer(database: str) -> None:
    with open_session(database, application_name="test", answers_within=0.1) as connection:
        with turn(connection):
            connection.execute("select pg_sleep(0.5)")
        with pytest.raises(psycopg.OperationalError, match="has not answered for"):
            connection.execute("select pg_sleep(600)")
        assert connection.closed


def test_a_pool_whose_sessions_are_all_in_use_is_named(
    database: str, postgres: Postgres, broker: Broker, topics: TopicNames, workspace: Workspace
) -> None:
    pooler = Pooler(
        port=workspace.reserve_port(), target=postgres.port, mode=PoolMode.SESSION, size=4
    )
    pooler.start()
    dsn = make_conninfo(database, port=pooler.port)
    try:
        with (
            surroundings(dsn=dsn, broker=broker, topics=topics, workspace=workspace) as around,
            psycopg.connect(dsn, autocommit=True) as other,
            psycopg.connect(dsn, autocommit=True) as another,
        ):
            for connection in (other, another):
                connection.execute("select 1")
            with around.engine() as engine:
                wait_until(lambda: "pool_size" in part(engine, "database")["said"], 60, "the words")
                assert not engine.health.ready().ok
                for connection in (other, another):
                    connection.close()
                wait_until_ready(engine, 60)
    finally:
        pooler.stop()


@contextmanager
def pgbouncer(postgres: Postgres, workspace: Workspace, settings: str) -> Iterator[str]:
    """Lend the connection string through a PgBouncer with sessions of clients' own."""
    port = workspace.reserve_port()
    file = workspace.folder / f"pgbouncer-{port}.ini"
    file.write_text(
        f"[databases]\npostgres = host=127.0.0.1 port={postgres.port} user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = session\n{settings}\n"
    )
    no_root = ["-u", "nobody"] if os.getuid() == 0 else []
    process = workspace.child(file.stem, [wanted("pgbouncer"), *no_root, str(file)])
    process.start()
    dsn = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    process.wait_until_up(lambda: accepts_logins(dsn), 60)
    try:
        yield dsn
    finally:
        process.stop()


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ("default_pool_size = 1", "answers nothing: .* raise pool_size"),
        ("max_db_connections = 1", "answers nothing: .* max_db_connections"),
        ("default_pool_size = 1\nquery_wait_timeout = 1", "no session left.* raise pool_size"),
        ("max_client_conn = 1", r"no more clients.* \(max_client_conn\)"),
    ],
)
def test_what_pgbouncer_has_too_little_of_is_said_with_the_remedy(
    postgres: Postgres, workspace: Workspace, settings: str, remedy: str
) -> None:
    with (
        pgbouncer(postgres, workspace, settings) as dsn,
        psycopg.connect(dsn, autocommit=True) as other,
    ):
        other.execute("select 1")
        with pytest.raises(ImpairedError, match=remedy):
            open_session(dsn, application_name="test")
