"""Whatever the database says is a state with its reason, and ends when it is put right."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import psycopg
import pytest
import urllib3
from loguru import logger

from fixengine.actors.storage.limits import StorageLimits
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.servers.broker import Broker
from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.topics import TopicNames
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.engine.engine import Engine
from fixengine.infra.postgres.schema.migrate import migrate, migrations
from tests.support.engines import (
    ATTENTIVE,
    Surroundings,
    busy_for,
    part,
    restarts,
    surroundings,
    wait_until_ready,
)
from tests.support.go_service import SCHEMA as GO_SCHEMA
from tests.support.postgres.roles import dsn_as
from tests.support.rows import change, one

if TYPE_CHECKING:
    from loguru import Message

pytestmark = pytest.mark.any_broker

DOWN, UP = "part is down, waiting for it", "part is up"

RAISES = """
create function odd() returns trigger language plpgsql as $$
begin raise exception 'as the test says' using errcode = '{code}'; end $$;
create trigger odd before insert on execution for each row execute function odd();
"""
RAISES_ONCE = """
create sequence tries;
create function odd() returns trigger language plpgsql as $$
begin
    if nextval('tries') = 1 then raise exception 'once' using errcode = '{code}'; end if;
    return new;
end $$;
grant usage on sequence tries to public;
create trigger odd before insert on execution for each row execute function odd();
"""

REFUSES_CHANGES = """
create function no_changes() returns event_trigger language plpgsql as $$
begin raise exception 'not before ten'; end $$;
create event trigger no_changes on ddl_command_start execute function no_changes();
"""


@pytest.fixture
def storage() -> StorageLimits:
    """Have engines look at their schema more often."""
    return ATTENTIVE


@pytest.fixture
def dsn(role: str, database: str) -> str:
    """Have engines reach the database as a role that may read and write."""
    return dsn_as(role, database)


def good(number: int, *, first_id: int = 1) -> tuple[FedOrder, ...]:
    return tuple(islice(orders(seed=31, first_id=first_id), number))


def tenth(number: int) -> tuple[FedOrder, ...]:
    """Return ten orders that no other number has."""
    return good(10, first_id=10 * number + 1)


def get(engine: Engine, path: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request(
        "GET", f"http://127.0.0.1:{engine._rest.port}/api/v1/{path}", retries=False, timeout=10
    )


def wait_until_down(engine: Engine, name: str, *words: str) -> None:
    """Wait until a part is down for a reason with these words."""
    said = ""

    def is_down() -> bool:
        nonlocal said
        described = part(engine, name)
        said = described["said"]
        return not described["up"] and all(word in said for word in words)

    wait_until(is_down, 60, f"{name} to be down for {words}")


@pytest.fixture
def outages() -> Iterator[list[str]]:
    """What is logged of the database and its schema, as it comes."""
    seen: list[str] = []

    def take(message: "Message") -> None:
        if message.record["extra"].get("part") in {"database", "schema"}:
            seen.append(message.record["message"])

    sink = logger.add(take, level="INFO")
    yield seen
    logger.remove(sink)


@contextmanager
def one_outage(
    engine: Engine, around: Surroundings, outages: list[str], fed: tuple[FedOrder, ...]
) -> Iterator[None]:
    """Assert that what happens in the block is one outage, after which all that came is filled."""
    wait_until_ready(engine)
    wait_until(lambda: outages.count(UP) > outages.count(DOWN) + 1, 60, "both to be said to be up")
    before = len(outages)
    yield
    wait_until_ready(engine, 60)
    around.wait_until_done(fed)
    assert not any(restarts(engine).values())
    assert around.letters() == ()
    wait_until(lambda: outages[-1] == UP, 60, "its end to be said")
    assert outages[before:] == [DOWN, UP]


def name_a_standby(dsn: str, name: str) -> None:
    """Have commits wait for a standby of that name; with none, let them go."""
    change(dsn, f"alter system set synchronous_standby_names = '{name}'", "select pg_reload_conf()")
    wait_until(lambda: one(dsn, "show synchronous_standby_names") == name, 60, "the setting")


def test_commits_that_wait_for_a_standby_are_an_outage_and_no_hang(
    around: Surroundings, database: str, outages: list[str]
) -> None:
    fed = good(10)
    with around.engine() as engine, one_outage(engine, around, outages, fed):
        name_a_standby(database, "nobody")
        try:
            around.send(*fed)
            wait_until_down(engine, "database", "standby", "synchronous_standby_names")
            assert busy_for(engine, "repository") > 1
            assert "repository" not in engine.tree.hung(1)
        finally:
            name_a_standby(database, "")
    around.assert_the_ledger_holds(fed)


def test_a_right_that_is_revoked_is_named_until_it_is_given_back(
    around: Surroundings, database: str, role: str, outages: list[str]
) -> None:
    rights = (
        "INSERT on table execution",
        "UPDATE on table outbox",
        "SELECT on table fill",
        "INSERT on table fix_pending",
        "USAGE on sequence execution_id_seq",
        "USAGE on sequence engine_number",
    )
    with around.engine() as engine:
        for number, right in enumerate(rights):
            fed = tenth(number)
            with one_outage(engine, around, outages, fed):
                change(database, f"revoke {right} from {role}")
                around.send(*fed)
                wait_until_down(engine, "schema", role, right)
                assert part(engine, "database")["up"]
                change(database, f"grant {right} to {role}")


def test_what_no_order_can_help_buries_none(
    around: Surroundings, database: str, outages: list[str]
) -> None:
    raised = (
        ("53100", "database", "disk is full"),
        ("53200", "database", "out of memory"),
        ("XX000", "database", "internal error"),
        ("54001", "database", "a limit"),
        ("42P05", "database", "session pooling"),
        ("42883", "schema", "not as the engine needs it"),
        ("0A000", "schema", "not as the engine needs it"),
        ("38000", "schema", "not as the engine needs it"),
    )
    with around.engine() as engine:
        for number, (code, name, words) in enumerate(raised):
            fed = tenth(number)
            with one_outage(engine, around, outages, fed):
                change(database, RAISES.format(code=code))
                around.send(*fed)
                wait_until_down(engine, name, words, "as the test says")
                change(database, "drop function odd cascade")


def test_what_passes_by_itself_is_tried_again_and_no_outage(
    around: Surroundings, database: str, outages: list[str]
) -> None:
    with around.engine() as engine:
        wait_until_ready(engine)
        for number, code in enumerate(("40001", "40P01", "55P03")):
            fed = tenth(number)
            change(database, RAISES_ONCE.format(code=code))
            around.send(*fed)
            around.wait_until_done(fed)
            assert one(database, "select last_value from tries") > 1
            change(database, "drop function odd cascade; drop sequence tries")
        assert not any(restarts(engine).values())
        assert DOWN not in outages
    assert around.letters() == ()


def test_a_lock_that_is_held_for_long_is_an_outage_with_its_reason(
    around: Surroundings, database: str, outages: list[str]
) -> None:
    fed = good(10)
    with around.engine() as engine, one_outage(engine, around, outages, fed):
        other = psycopg.connect(database)
        with closing(other):
            other.execute("lock table execution in access exclusive mode")
            around.send(*fed)
            wait_until_down(engine, "database", "holds a lock")


def test_rest_is_asked_before_there_is_a_schema(
    empty_database: str, broker: Broker, topics: TopicNames, workspace: Workspace
) -> None:
    """The role may make none: it is made by another, later."""
    change(empty_database, "create role waiting login password 'waiting'")
    dsn = dsn_as("waiting", empty_database)
    try:
        with (
            surroundings(dsn=dsn, broker=broker, topics=topics, workspace=workspace) as around,
            around.engine() as engine,
        ):
            wait_until_down(engine, "schema", "permission denied", "fixengine migrate")
            for path in ("executions", "execution/1", "execution/1/fills", "summary"):
                answer = get(engine, path)
                assert answer.status == 503
                assert answer.headers["Retry-After"]
            with psycopg.connect(empty_database, autocommit=True) as connection:
                migrate(connection)
            change(empty_database, "grant all on all tables in schema public to waiting")
            change(empty_database, "grant all on all sequences in schema public to waiting")
            wait_until_ready(engine, 60)
            fed = good(5)
            around.send(*fed)
            around.wait_until_done(fed)
            assert get(engine, "executions").status == 200
            assert not any(restarts(engine).values())
    finally:
        change(empty_database, "drop owned by waiting; drop role waiting")


def test_a_migration_that_somebody_refuses_is_made_when_it_may_be(
    empty_database: str, broker: Broker, topics: TopicNames, workspace: Workspace
) -> None:
    change(empty_database, REFUSES_CHANGES)
    with (
        surroundings(dsn=empty_database, broker=broker, topics=topics, workspace=workspace) as lent,
        lent.engine() as engine,
    ):
        wait_until_down(engine, "schema", "can't be made what the engine needs", "not before ten")
        change(empty_database, "drop event trigger no_changes")
        wait_until_ready(engine, 60)
        assert not any(restarts(engine).values())


def test_a_long_migration_says_which_one_it_is_and_since_when(
    empty_database: str, broker: Broker, topics: TopicNames, workspace: Workspace
) -> None:
    change(empty_database, GO_SCHEMA)
    with (
        surroundings(dsn=empty_database, broker=broker, topics=topics, workspace=workspace) as lent,
        psycopg.connect(empty_database) as other,
    ):
        other.execute("lock table execution in access share mode")
        with lent.engine() as engine:
            wait_until_down(engine, "schema", f"of {len(migrations())}, adopt", "since")
            assert part(engine, "database")["up"]
            other.rollback()
            wait_until_ready(engine, 60)


def test_a_column_is_altered_while_rest_is_asked(
    around: Surroundings, database: str, outages: list[str]
) -> None:
    """Plans that were made before are stale, which is no outage."""
    fed = good(20)
    with around.engine() as engine:
        wait_until_ready(engine)
        around.send(*fed[:10])
        for _ in range(20):  # until statements are prepared, in each reader
            assert get(engine, "execution/1/fills").status in {200, 404}
            assert get(engine, "execution/1").status in {200, 404}
        around.wait_until_done(fed[:10])
        change(database, "alter table execution alter column destination type varchar(30)")
        change(database, "alter table fill alter column version type bigint")
        around.send(*fed[10:])
        wait_until(
            lambda: {get(engine, f"execution/1{part}").status for part in ("", "/fills")} == {200},
            60,
            "REST to answer",
        )
        around.wait_until_done(fed)
        assert not any(restarts(engine).values())
        assert DOWN not in outages


def test_what_is_renamed_is_missed_by_its_name(
    around: Surroundings, database: str, outages: list[str]
) -> None:
    renamed = (
        (
            "alter table execution rename column ticker to symbol",
            "alter table execution rename column symbol to ticker",
            "ticker",
        ),
        (
            "alter table execution rename to executions",
            "alter table executions rename to execution",
            "execution",
        ),
        (
            "alter function add_fill_parts(bigint) rename to add_parts",
            "alter function add_parts(bigint) rename to add_fill_parts",
            "add_fill_parts",
        ),
    )
    with around.engine() as engine:
        for number, (renaming, back, word) in enumerate(renamed):
            fed = tenth(number)
            with one_outage(engine, around, outages, fed):
                change(database, renaming)
                around.send(*fed)
                wait_until_down(engine, "schema", word)
                assert get(engine, "executions").status in {200, 503}
                change(database, back)
                wait_until(lambda: get(engine, "executions").status == 200, 60, "REST to answer")


def test_a_role_with_two_connections_is_told_what_it_lacks(
    around: Surroundings, database: str, role: str
) -> None:
    change(database, f"alter role {role} connection limit 2")
    fed = good(5)
    with around.engine() as engine:
        around.send(*fed)
        wait_until_down(engine, "database", "too many connections", role)
        assert get(engine, "executions").status in {200, 503}
        change(database, f"alter role {role} connection limit -1")
        wait_until_ready(engine, 60)
        around.wait_until_done(fed)
        assert not any(restarts(engine).values())


def test_a_database_that_is_renamed_is_waited_for(
    around: Surroundings, database: str, postgres: Postgres, outages: list[str]
) -> None:
    name = one(database, "select current_database()")
    fed = good(5)
    end = f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
    with (
        around.engine() as engine,
        psycopg.connect(postgres.dsn, autocommit=True) as connection,
        one_outage(engine, around, outages, fed),
    ):
        connection.execute(f"alter database {name} allow_connections false".encode())
        connection.execute(end.encode())
        wait_until(
            lambda: (
                not connection.execute(
                    "select from pg_stat_activity where datname = %s", [name]
                ).rowcount
            ),
            60,
            "all sessions to end",
        )
        connection.execute(f"alter database {name} rename to renamed".encode())
        wait_until_down(engine, "database", name, "does not exist")
        connection.execute(f"alter database renamed rename to {name}".encode())
        connection.execute(f"alter database {name} allow_connections true".encode())
        around.send(*fed)


END_SESSIONS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""


def test_who_is_locked_out_waits_and_says_why(
    around: Surroundings, database: str, role: str, outages: list[str]
) -> None:
    locks = (
        (f"alter role {role} nologin", f"alter role {role} login", "not permitted to log in"),
        (
            "revoke usage on schema public from public",
            "grant usage on schema public to public",
            "schema public",
        ),
    )
    with around.engine() as engine:
        for number, (locks_out, lets_in, words) in enumerate(locks):
            fed = tenth(number)
            with one_outage(engine, around, outages, fed):
                change(database, locks_out)
                change(database, END_SESSIONS)
                around.send(*fed)
                wait_until(partial(is_said, engine, words), 60, words)
                change(database, lets_in)


def is_said(engine: Engine, words: str) -> bool:
    return words in str(engine.health.ready().body["parts"])


def test_a_database_that_is_made_anew_gets_its_schema_again(
    database: str,
    postgres: Postgres,
    broker: Broker,
    topics: TopicNames,
    workspace: Workspace,
) -> None:
    name = one(database, "select current_database()")
    fed = good(10)
    with (
        surroundings(dsn=database, broker=broker, topics=topics, workspace=workspace) as around,
        around.engine() as engine,
        psycopg.connect(postgres.dsn, autocommit=True) as connection,
    ):
        wait_until_ready(engine)
        connection.execute(f"drop database {name} with (force)".encode())
        wait_until_down(engine, "database", name, "does not exist")
        connection.execute(f"create database {name}".encode())
        around.send(*fed)
        wait_until_ready(engine, 60)
        around.wait_until_done(fed)
        assert not any(restarts(engine).values())
