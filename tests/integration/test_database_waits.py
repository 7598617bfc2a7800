"""Nobody waits for a database for ever: not for a connection, not for a statement."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import inf
from threading import Event
from time import monotonic

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fixengine import patience
from fixengine.demo.broker import Broker
from fixengine.demo.postgres import Postgres
from fixengine.demo.proxy import Flow
from fixengine.demo.topics import TopicNames
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.errors import ImpairedError, UnavailableError
from fixengine.infra.migrate import turn
from fixengine.infra.postgres import Connection, Database, open_session
from tests.integration.engines import part, surroundings, wait_until_ready
from tests.integration.pooler import Pooler, PoolMode
from tests.integration.rows import opened, through_a_proxy

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


def test_a_session_of_a_full_pool_is_an_outage_with_the_remedy(
    database: str, postgres: Postgres, workspace: Workspace
) -> None:
    pooler = Pooler(
        port=workspace.reserve_port(), target=postgres.port, mode=PoolMode.SESSION, size=1
    )
    pooler.start()
    dsn = make_conninfo(database, port=pooler.port)
    try:
        with psycopg.connect(dsn, autocommit=True) as other:
            other.execute("select 1")
            with pytest.raises(ImpairedError, match="raise pool_size"):
                open_session(dsn, application_name="test")
    finally:
        pooler.stop()
