"""Settings of role, database and environment make no difference, and a pool none or a clear one."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.servers.broker import Broker
from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.topics import TopicNames
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.errors import SchemaError, UnavailableError
from fixengine.infra.postgres.driver.connections import open_session
from fixengine.infra.postgres.executions import PostgresExecutions
from fixengine.infra.postgres.rest_queries import PostgresQueries
from fixengine.infra.postgres.schema.migrate import migrate, migrations
from fixengine.infra.process.checks import setting_problems
from fixengine.ports.queries import ExecutionQuery
from tests.support.engines import part, surroundings, wait_until_ready
from tests.support.executions import read
from tests.support.network.pooler import Pooler, PoolMode
from tests.support.postgres.roles import dsn_as, engine_role
from tests.support.rows import one, opened, order, session

pytestmark = pytest.mark.any_broker

HOSTILE = {
    "array_nulls": "off",
    "bytea_output": "escape",
    "client_encoding": "LATIN1",
    "cpu_index_tuple_cost": "10000",
    "datestyle": "German, DMY",
    "debug_parallel_query": "on",
    "default_transaction_deferrable": "on",
    "default_transaction_isolation": "serializable",
    "enable_bitmapscan": "off",
    "enable_indexonlyscan": "off",
    "enable_indexscan": "off",
    "enable_nestloop": "off",
    "enable_partition_pruning": "off",
    "enable_tidscan": "off",
    "exit_on_error": "on",
    "extra_float_digits": "-15",
    "idle_in_transaction_session_timeout": "300ms",
    "idle_session_timeout": "1s",
    "intervalstyle": "iso_8601",
    "geqo_threshold": "2",
    "jit": "on",
    "join_collapse_limit": "1",
    "lock_timeout": "1ms",
    "plan_cache_mode": "force_generic_plan",
    "quote_all_identifiers": "on",
    "random_page_cost": "1000000",
    "row_security": "on",
    "search_path": "nowhere",
    "standard_conforming_strings": "off",
    "statement_timeout": "300ms",
    "synchronous_commit": "off",
    "timezone": "Asia/Kathmandu",
    "transaction_timeout": "300ms",
    "transform_null_equals": "on",
}
SETTINGS = "select name, setting from pg_settings where lower(name) = any(%s)"


def good(number: int) -> tuple[FedOrder, ...]:
    return tuple(islice(orders(seed=32), number))


@pytest.fixture
def role(database: str) -> Iterator[str]:
    with engine_role(database) as role:
        yield role


def settings(dsn: str) -> dict[str, str]:
    """Return how a session of the engine has what somebody may have set."""
    with open_session(dsn, application_name="test") as connection:
        return dict(connection.execute(SETTINGS, [list(HOSTILE)]).fetchall())


def set_all(dsn: str, whose: sql.Composable) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name, value in HOSTILE.items():
            connection.execute(
                sql.SQL("alter {} set {} = {}").format(whose, sql.Identifier(name), value)
            )


@pytest.mark.parametrize("whose", ["role", "database"])
def test_what_is_set_for_a_role_or_database_makes_no_difference(
    database: str, role: str, whose: str
) -> None:
    dsn = dsn_as(role, database)
    before = settings(dsn)
    name = role if whose == "role" else one(database, "select current_database()")
    set_all(database, sql.SQL(whose + " {}").format(sql.Identifier(name)))
    assert settings(dsn) == before
    assert before["synchronous_commit"] == "on"


def test_what_the_environment_sets_makes_no_difference(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = settings(database)
    monkeypatch.setenv("PGDATESTYLE", "German")
    monkeypatch.setenv("PGTZ", "Asia/Kathmandu")
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=1 -c search_path=nowhere")
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "standby")
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "600")
    assert settings(database) == before


def test_an_engine_works_on_with_all_of_that(
    database: str, role: str, broker: Broker, topics: TopicNames, workspace: Workspace
) -> None:
    set_all(database, sql.SQL("role {}").format(sql.Identifier(role)))
    dsn = dsn_as(role, database)
    with surroundings(dsn=database, broker=broker, topics=topics, workspace=workspace) as around:
        around.prices.latency_seconds = 0.5  # a claim's transaction is open for as long
        with around.engine(POSTGRES_DSN=dsn) as engine:
            wait_until_ready(engine)
            around.send(*good(5))
            around.wait_until_done(good(5))
            assert part(engine, "database") == {"up": True, "said": ""}
        around.assert_the_ledger_holds(good(5))


def test_a_tablespace_that_is_the_databases_own_makes_no_difference(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        name = one(empty_database, "select current_database()")
        connection.execute(f"alter database {name} set default_tablespace = pg_default".encode())
    with open_session(empty_database, application_name="test") as connection:
        assert len(migrate(connection)) == len(migrations())


def test_values_are_as_they_came_whatever_the_role_has_set(database: str, role: str) -> None:
    set_all(database, sql.SQL("role {}").format(sql.Identifier(role)))
    sent = order(1, destination="ZÜRI €", quantity=Decimal("0.12345678"))
    with opened(dsn_as(role, database)) as pool, session(pool) as claims:
        PostgresExecutions(pool, first_fill_delay=0).insert_orders([(sent, "A")])
        (shown,) = PostgresQueries(pool).page(ExecutionQuery(limit=1), timeout=60)
        (claimed,) = claims.claim(10).executions
    for execution in (read(shown), claimed):
        assert execution.destination == "ZÜRI €"
        assert execution.quantity_ordered == Decimal("0.12345678")
        assert execution.received_timestamp == sent.received_timestamp


def test_a_policy_that_hides_rows_is_said(database: str, role: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("alter table execution enable row level security")
    with opened(dsn_as(role, database)) as pool, pytest.raises(SchemaError, match="row-level"):
        PostgresQueries(pool).page(ExecutionQuery(limit=1), timeout=60)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_has_no_place_for_every_order_is_refused(
    postgres: Postgres, broker: Broker, topics: TopicNames, workspace: Workspace, encoding: str
) -> None:
    with encoded_database(postgres, encoding) as dsn:
        with pytest.raises(SchemaError, match=f"encoding is {encoding}.*pg_dump"):
            open_session(dsn, application_name="test")
        with (
            surroundings(dsn=dsn, broker=broker, topics=topics, workspace=workspace) as around,
            around.engine() as engine,
        ):
            wait_until(lambda: encoding in part(engine, "schema")["said"], 60, "the refusal")
            assert part(engine, "database")["up"]
        assert one(dsn, "select count(*) from pg_tables where schemaname = 'public'") == 0


@contextmanager
def encoded_database(postgres: Postgres, encoding: str) -> Iterator[str]:
    name = f"in_{encoding.lower()}"
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute(
            f"create database {name} encoding '{encoding}' template template0 "
            "lc_collate 'C' lc_ctype 'C'".encode()
        )
        yield postgres.dsn_of(name)
        connection.execute(f"drop database {name} with (force)".encode())


def test_a_connection_string_names_the_session_and_sets_what_the_engine_leaves(
    database: str,
) -> None:
    dsn = make_conninfo(database, application_name="mine", options="-c work_mem=7MB")
    with open_session(dsn, application_name="pod") as connection:
        row = connection.execute("select current_setting('application_name')").fetchone()
        assert row == ("mine",)
        assert connection.execute("show work_mem").fetchone() == ("7MB",)
    with open_session(database, application_name="pod") as connection:
        assert connection.execute("show application_name").fetchone() == ("pod",)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"options": "-c statement_timeout=0"}, "statement_timeout"),
        ({"options": "-c work_mem=7MB --search-path=mine"}, "search_path"),
        ({"options": "-cenable_seqscan=off"}, "enable_seqscan"),
        ({"options": "-c DateStyle=German"}, "datestyle"),
        ({"target_session_attrs": "any"}, "target_session_attrs"),
        ({"client_encoding": "LATIN1"}, "client_encoding"),
    ],
)
def test_what_the_engine_sets_itself_is_refused_by_name(given: dict[str, str], named: str) -> None:
    dsn = make_conninfo("postgresql://a@b/c", **given)
    (problem,) = setting_problems(dsn=dsn, client_config={}, collector=None)
    assert problem.startswith("POSTGRES_DSN")
    assert named in problem
    assert "leave" in problem


@pytest.mark.parametrize(
    "given",
    [
        {"options": "-c work_mem=7MB", "application_name": "mine", "connect_timeout": "10"},
        {"target_session_attrs": "read-write", "client_encoding": "utf8"},
    ],
)
def test_what_else_a_connection_string_has_is_taken(given: dict[str, str]) -> None:
    dsn = make_conninfo("postgresql://a@b/c", **given)
    assert not [*setting_problems(dsn=dsn, client_config={}, collector=None)]


def test_what_failed_while_it_was_to_be_prepared_is_prepared_later(database: str) -> None:
    """A statement that is used for the fifth time is prepared, here while a table is locked."""
    with opened(database) as pool, session(pool) as claims, psycopg.connect(database) as other:
        table = PostgresExecutions(pool, first_fill_delay=0)
        for number in range(1, 6):
            table.insert_orders([(order(number), "A")], partitions=[0])
            claims.claim(10)
            claims.abandon()
        other.execute("lock table execution in access exclusive mode")
        for _ in range(2):
            with pytest.raises(UnavailableError, match="holds a lock"):
                table.insert_orders([(order(6), "A")], partitions=[0])
            with pytest.raises(UnavailableError, match="holds a lock"):
                claims.claim(10)
        other.rollback()
        table.insert_orders([(order(6), "A")], partitions=[0])
        claims.claim(10)


@contextmanager
def pooler(dsn: str, postgres: Postgres, workspace: Workspace, mode: PoolMode) -> Iterator[str]:
    """Lend the connection string through a pool."""
    pooler = Pooler(port=workspace.reserve_port(), target=postgres.port, mode=mode)
    pooler.start()
    try:
        yield make_conninfo(dsn, port=pooler.port)
    finally:
        pooler.stop()


def test_a_pool_that_shares_sessions_is_refused_before_anything_is_set_in_one(
    database: str,
    postgres: Postgres,
    broker: Broker,
    topics: TopicNames,
    workspace: Workspace,
) -> None:
    with pooler(database, postgres, workspace, PoolMode.TRANSACTION) as dsn:
        with pytest.raises(UnavailableError, match="session pooling"):
            open_session(dsn, application_name="test")
        with (
            surroundings(dsn=dsn, broker=broker, topics=topics, workspace=workspace) as around,
            around.engine() as engine,
        ):
            wait_until(
                lambda: "session pooling" in part(engine, "database")["said"], 60, "the refusal"
            )
        with psycopg.connect(dsn, autocommit=True) as connection:
            assert connection.execute("show plan_cache_mode").fetchone() == ("auto",)
            locks = connection.execute("select from pg_locks where locktype = 'advisory'")
            assert locks.rowcount == 0


def test_a_pool_of_whole_sessions_makes_no_difference(
    database: str,
    postgres: Postgres,
    broker: Broker,
    topics: TopicNames,
    workspace: Workspace,
) -> None:
    with (
        pooler(database, postgres, workspace, PoolMode.SESSION) as dsn,
        surroundings(dsn=dsn, broker=broker, topics=topics, workspace=workspace) as around,
        around.engine() as engine,
    ):
        wait_until_ready(engine)
        around.send(*good(20))
        around.wait_until_done(good(20))
