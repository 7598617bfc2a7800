"""The schema is what it is, whatever its number says: mended where that loses nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fixengine.errors import SchemaError
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.executions import PostgresExecutions
from fixengine.infra.postgres.schema.catalog import expected, read_catalog
from fixengine.infra.postgres.schema.drift import drift
from fixengine.infra.postgres.schema.examination import of_a_gateway
from fixengine.infra.postgres.schema.schema import PostgresSchema
from tests.support.documents import blocks, page
from tests.support.go_service import SCHEMA as GO_SCHEMA
from tests.support.go_service import recreate
from tests.support.postgres.roles import dsn_as, engine_role
from tests.support.rows import (
    LEDGER_ROW,
    change,
    fill_with_orders,
    one,
    opened,
    order,
    refusing,
    session,
)

FIX_TABLES = ("fix_order", "fix_request", "fix_pending", "fix_sent")
FIX_KNOWS = (
    "insert into fix_order values (1, 6, 'a', 'b', 'CANCEL', null, '1', '1')",
    "insert into fix_request values (6, 'a', 1, 'NEW', 'DONE', 10, null, now())",
    "insert into fix_pending (session_id, execution_id, cl_ord_id) values (6, 1, 'b')",
    "insert into fix_sent values (6, 1, 2, '8', now(), '', 1, 0)",
)


@pytest.fixture
def pool(database: str) -> Iterator[Database]:
    with opened(database) as pool:
        yield pool


@pytest.fixture
def schema(pool: Database) -> PostgresSchema:
    return PostgresSchema(pool, pool, forgets=True)


def test_what_is_expected_is_what_the_migrations_make(pool: Database) -> None:
    """If not, write it anew: `python -m tests.expected_schema`."""
    with pool.connection() as connection:
        assert read_catalog(connection, wanted=None) == expected()


def test_what_is_dropped_while_the_schema_is_read_is_missing(database: str, pool: Database) -> None:
    """A definition is looked up as it is now, and not as it was when the statement began."""
    with pool.connection() as connection, connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        connection.execute("select from pg_class limit 1")
        change(
            database,
            "drop index execution_open_ndx",
            "drop trigger execution_blind_update on execution",
            "drop function mend_rows()",
        )
        found = read_catalog(connection, wanted=expected())
    missing = [each.what for each in drift(found, expected())]
    assert len(missing) == 3
    assert all(what.endswith("is missing") for what in missing), missing


def test_a_sound_schema_is_left_alone(schema: PostgresSchema, events: list[str]) -> None:
    assert schema.prepare().mended == ()
    assert schema.check().mended == ()
    assert schema.mend().mended == ()
    assert events == []


@pytest.mark.parametrize(
    ("statement", "mended"),
    [
        ("drop index execution_open_ndx", "index execution_open_ndx of public.execution"),
        ("drop index execution_service_id_ndx", "index execution_service_id_ndx"),
        ("alter table execution drop constraint execution_pkey", "index execution_pkey"),
        ("alter table fill drop constraint fill_pkey", "index fill_pkey"),
        (
            (
                "update pg_index set indisvalid = false "
                "where indexrelid = 'execution_open_ndx'::regclass"
            ),
            "index execution_open_ndx is not valid",
        ),
        ("drop trigger execution_has_room on execution", "trigger execution_has_room"),
        ("alter table execution disable trigger execution_blind_update", "is disabled"),
        ("drop function make_room_for_fills cascade", "function public.make_room_for_fills()"),
        (
            (
                "create or replace function make_room_for_fills() returns trigger language plpgsql "
                "as 'begin return null; end'"
            ),
            "function public.make_room_for_fills() is another",
        ),
        ("alter table execution alter number_of_fills type smallint", "number_of_fills"),
        ("alter table execution alter ticker type varchar(3)", "is character varying(3)"),
        ("alter table execution alter total_amount drop default", "default of column total_amount"),
        ("alter table execution alter limit_price set not null", "limit_price of public.execution"),
        ("alter table execution alter ticker drop not null", "ticker of public.execution takes"),
        ("drop sequence execution_id_seq cascade", "sequence execution_id_seq is missing"),
        ("alter table execution alter id drop default", "column id of public.execution has no"),
        ("drop sequence engine_number", "sequence engine_number is missing"),
        ("alter table execution set unlogged", "public.execution is unlogged"),
        ("alter table fill_0 set unlogged", "public.fill_0 is unlogged"),
        (
            "alter table fix_session alter id drop identity",
            "column id of public.fix_session has no sequence of its own",
        ),
        ("drop index fix_pending_execution_ndx", "index fix_pending_execution_ndx"),
        ("alter table expiry alter expires_at set not null", "expires_at of public.expiry takes"),
    ],
)
def test_what_loses_nothing_is_mended_in_one_line(
    database: str,
    schema: PostgresSchema,
    pool: Database,
    statement: str,
    mended: str,
    events: list[str],
) -> None:
    fill_with_orders(pool, range(1, 4), limit_price=Decimal(5))
    change(database, "set allow_system_table_mods = on", statement)
    done = schema.check().mended
    assert mended in "; ".join(done)
    assert events == ["the schema was not as it should be, and is mended"]
    assert schema.check().mended == ()
    with session(pool) as claims:
        claims.claim(1)
        fill_with_orders(pool, range(4, 6))
    assert one(database, "select count(*) from execution") == 5
    schema.try_out()


@pytest.mark.parametrize(
    ("statements", "remedy"),
    [
        (["alter table execution add desk text not null"], "alter column desk set default"),
        (["alter table execution alter id type text"], "alter column id type integer"),
        (["alter table execution drop column ticker"], "column ticker of public.execution"),
        (["drop table outbox"], "table public.outbox is missing"),
        (["drop table change"], "table public.change is missing"),
        (["drop table expiry"], "table public.expiry is missing"),
        (["drop table fix_sent"], "table public.fix_sent is missing"),
        (["alter table execution rename to gone"], "table public.execution is missing"),
        (
            ["create schema fix", "alter table execution set schema fix"],
            "alter table fix.execution set schema public",
        ),
        (["create table mine () inherits (execution)"], "alter table public.mine no inherit"),
        (["create rule odd as on delete to execution do instead nothing"], "drop rule odd"),
        (
            ["alter table execution rename to real", "create view execution as select * from real"],
            "public.execution is a view",
        ),
        (
            [
                "alter table execution rename to real",
                "create table execution (like real) partition by range (id)",
            ],
            "public.execution is a partitioned table",
        ),
        (
            [
                "drop index execution_service_id_ndx",
                "create table seven as table execution",
                (
                    "insert into seven select n, 7, true, '', '', '', '', '', 1, null, now(), "
                    "now(), null, 0, null, 0, 0, null, 1 from generate_series(1, 2) as n"
                ),
                "insert into execution table seven",
            ],
            "could not create unique index",
        ),
    ],
)
def test_what_somebody_must_decide_on_is_said_with_the_remedy(
    database: str, schema: PostgresSchema, statements: list[str], remedy: str
) -> None:
    change(database, *statements)
    with pytest.raises(SchemaError) as found:
        schema.check()
    assert remedy in str(found.value)
    with pytest.raises(SchemaError) as at_start:
        schema.prepare()
    assert remedy in str(at_start.value)


@pytest.mark.parametrize(
    "statement",
    [
        "alter table execution alter ticker type text",
        "alter table execution alter destination type varchar(40)",
        "alter table execution alter total_amount type numeric",
        "alter table execution add remark text",
        "alter table execution add desk text not null default 'x'",
        "create index mine on execution (ticker)",
        "alter index execution_pkey set (fillfactor = 70)",
        (
            "drop index execution_open_ndx; "
            "create index mine on execution (id) include (ticker) with (fillfactor = 70) "
            "where is_open"
        ),
        "alter index execution_open_ndx rename to mine",
        "alter table execution replica identity full; create publication mine for all tables",
        "alter table execution set (fillfactor = 70); comment on table execution is 'ours'",
        "alter table execution alter ticker set statistics 1000",
        "alter table fill_0 rename to fill_p0",
        "create schema old; alter table fill_0 set schema old",
        "create table fill_default partition of fill default; drop table fill_0",
        (
            "drop table fill_0; "
            "create table fill_p1 partition of fill for values from (minvalue) to (500000)"
        ),
        (
            "alter table execution alter id drop default; drop sequence execution_id_seq; "
            "alter table execution alter id add generated by default as identity"
        ),
    ],
)
def test_what_holds_more_is_as_good(
    database: str, schema: PostgresSchema, pool: Database, statement: str
) -> None:
    change(database, statement)
    assert schema.check().mended == ()
    fill_with_orders(pool, range(1, 4))
    schema.try_out()


def test_sequences_behind_their_rows_are_mended_at_start(
    database: str, schema: PostgresSchema, pool: Database, events: list[str]
) -> None:
    fill_with_orders(pool, range(1, 51))
    change(
        database,
        "insert into outbox values (50, 1, 70)",
        "update execution set number_of_fills = 1 where id = 50",
        "select setval('execution_id_seq', 1, false), setval('engine_number', 1, false)",
    )
    assert schema.prepare().mended == (
        "public.execution_id_seq goes on after 50, not 0",
        "public.engine_number goes on after 70, not 0",
    )
    assert events == ["the schema was not as it should be, and is mended"]
    assert one(database, "select nextval('execution_id_seq')") == 51
    assert one(database, "select nextval('engine_number')") == 71


def test_what_somebody_undoes_at_once_is_not_told_as_mended(
    database: str, schema: PostgresSchema, events: list[str]
) -> None:
    change(
        database,
        "drop index execution_open_ndx",
        "create function undo() returns event_trigger language plpgsql as "
        "$$ begin drop index public.execution_open_ndx; end $$",
        "create event trigger undo on ddl_command_end when tag in ('CREATE INDEX') "
        "execute function undo()",
    )
    with pytest.raises(SchemaError, match=r"execution_open_ndx.* it was mended and is so again"):
        schema.check()
    assert events == []


def test_a_gap_that_somebody_left_is_kept(database: str, schema: PostgresSchema) -> None:
    change(database, "alter sequence execution_id_seq restart with 5000")
    assert schema.prepare().mended == ()
    assert one(database, "select nextval('execution_id_seq')") == 5000


def test_an_emptied_table_goes_on_with_its_numbers(
    database: str, schema: PostgresSchema, pool: Database
) -> None:
    fill_with_orders(pool, range(1, 4))
    change(database, LEDGER_ROW.replace("%s", "1").replace("(1,", "(3,"))
    change(database, "truncate execution restart identity")
    fill_with_orders(pool, range(4, 5))
    assert one(database, "select id from execution") == 4
    assert schema.mend().mended == ()


@pytest.mark.parametrize(
    "row",
    [
        "change values (7, 1, 'CANCEL', 10, null, 10, null, null)",
        "expiry values (7, now())",
        "fix_order values (7, 1, 'a', null, null, '1', '1', '1')",
        "fix_sent values (1, 1, 2, '8', now(), '', 7, 0)",
    ],
)
def test_no_number_is_given_that_another_table_knows(
    database: str, schema: PostgresSchema, row: str
) -> None:
    change(database, f"insert into {row}")
    assert schema.prepare().mended == ("public.execution_id_seq goes on after 7, not 0",)


def test_numbers_of_fix_that_are_behind_their_rows_are_mended(
    database: str, schema: PostgresSchema
) -> None:
    change(
        database,
        "insert into fix_session (id, begin_string, own_comp_id, peer_comp_id) "
        "overriding system value values (6, 'FIX.4.4', 'US', 'THEM')",
        "insert into fix_pending overriding system value values (70, 6, 1, 1)",
    )
    assert schema.prepare().mended == (
        "public.fix_pending_position_seq goes on after 70, not 0",
        "public.fix_session_id_seq goes on after 6, not 0",
    )
    assert schema.prepare().mended == ()


def test_all_that_is_emptied_begins_anew(
    database: str, pool: Database, schema: PostgresSchema
) -> None:
    fill_with_orders(pool, range(1, 4))
    change(
        database,
        "insert into change values (3, 1, 'CANCEL', 10, null, 10, null, null)",
        "insert into expiry values (3, now())",
    )
    (emptied,) = (sql for sql in blocks(page("operating"), "sql") if "truncate" in sql)
    change(database, emptied)
    fill_with_orders(pool, range(4, 5))
    assert one(database, "select id from execution") == 1
    assert schema.mend().mended == ()


def test_the_go_services_table_made_anew_is_mended(
    database: str, pool: Database, schema: PostgresSchema, events: list[str]
) -> None:
    fill_with_orders(pool, range(1, 4))
    change(database, LEDGER_ROW.replace("%s", "1"))
    recreate(database)
    done = "; ".join(schema.prepare().mended)
    assert "number_of_fills of public.execution is smallint" in done
    assert "trigger execution_blind_update of public.execution is missing" in done
    assert "public.execution_id_seq goes on after 1, not 0" in done
    assert events == ["the schema was not as it should be, and is mended"]
    fill_with_orders(pool, range(1, 2))
    assert one(database, "select id from execution") == 2


def test_executions_with_numbers_that_the_ledger_knows_get_new_ones(
    database: str, pool: Database, schema: PostgresSchema
) -> None:
    change(database, LEDGER_ROW.replace("%s", "1"), "insert into outbox values (1, 1, 9)")
    fill_with_orders(pool, range(1, 3))
    done = schema.mend().mended
    assert "1 executions have new numbers, the ledger knew theirs" in done
    assert "1 rows of outbox, whose fills no execution knows, are gone" in done
    assert one(database, "select array_agg(id order by id) from execution") == [2, 3]


def test_an_execution_with_a_new_number_keeps_its_end_and_its_trace(
    database: str, pool: Database, schema: PostgresSchema
) -> None:
    change(database, LEDGER_ROW.replace("%s", "1"), "insert into outbox values (1, 1, 9)")
    change(database, "insert into change values (1, 1, 'CANCEL', 10, null, 10, null, 'a key')")
    fill_with_orders(
        pool, range(1, 2), expires_at=datetime(2099, 1, 1, tzinfo=UTC), traceparent="a trace"
    )
    schema.mend()
    assert one(database, "select array_agg(id) from execution") == [2]
    assert one(database, "select array_agg(execution_id) from expiry") == [2]
    assert one(database, "select array_agg(execution_id) from execution_trace") == [2]
    assert one(database, "select array_agg(execution_id) from change") == [1]
    assert one(database, "select array_agg(execution_id) from fill") == [1]


def test_an_execution_with_a_new_number_leaves_the_end_of_the_one_before(
    database: str, pool: Database, schema: PostgresSchema
) -> None:
    fill_with_orders(pool, range(1, 2))
    change(
        database,
        LEDGER_ROW.replace("%s", "1"),
        "insert into expiry values (1, '2026-07-28T20:00:00Z')",
    )
    schema.mend()
    assert one(database, "select array_agg(id) from execution") == [2]
    assert one(database, "select array_agg(execution_id) from expiry") == [1]


def test_an_order_by_fix_with_a_new_number_keeps_what_fix_knows_of_it(
    database: str, pool: Database, schema: PostgresSchema
) -> None:
    change(database, LEDGER_ROW.replace("%s", "1"))
    fill_with_orders(pool, range(-1, 0))
    change(database, *FIX_KNOWS, "insert into expiry values (1, null, 'IOC')")
    assert "1 executions have new numbers, the ledger knew theirs" in schema.mend().mended
    for table in FIX_TABLES:
        assert one(database, f"select array_agg(execution_id) from {table}") == [2]
    assert one(database, "select array_agg(execution_id) from expiry") == [2]
    assert one(database, "select execution_service_id from execution") == -1


def test_an_order_of_the_topic_with_a_new_number_leaves_what_fix_knows_of_the_one_before(
    database: str, pool: Database, schema: PostgresSchema
) -> None:
    change(database, LEDGER_ROW.replace("%s", "1"))
    fill_with_orders(pool, range(1, 2))
    change(database, *FIX_KNOWS)
    schema.mend()
    assert one(database, "select array_agg(id) from execution") == [2]
    for table in ("fix_order", "fix_request", "fix_sent"):
        assert one(database, f"select array_agg(execution_id) from {table}") == [1]


def test_nobody_is_told_of_evaluations_that_no_execution_knows(
    database: str, pool: Database, schema: PostgresSchema
) -> None:
    fill_with_orders(pool, range(-1, 0))
    change(
        database,
        "insert into fix_pending (session_id, execution_id, number) values (6, 1, 1), (6, 9, 1)",
        "insert into fix_pending (session_id, execution_id, cl_ord_id) values (6, 1, 'b')",
    )
    assert schema.mend().mended == ("2 rows of fix_pending, which no execution knows, are gone",)
    assert one(database, "select array_agg(execution_id) from fix_pending") == [1]


@pytest.mark.parametrize("right", ["UPDATE on table fix_session", "DELETE on table fix_pending"])
def test_a_gateway_names_the_right_that_it_lacks_and_an_engine_needs_none_of_it(
    database: str, right: str
) -> None:
    with engine_role(database) as role, opened(dsn_as(role, database)) as clerks:
        change(database, f"revoke {right} from {role}")
        PostgresSchema(clerks, clerks, forgets=False).prepare()
        gateway = PostgresSchema(clerks, clerks, forgets=False, statements=of_a_gateway())
        with pytest.raises(SchemaError, match=f"lacks {right}:"):
            gateway.prepare()


def test_what_a_trigger_refuses_to_have_mended_is_nobodys_order(
    database: str, pool: Database, schema: PostgresSchema
) -> None:
    change(
        database,
        LEDGER_ROW.replace("%s", "1"),
        refusing("update on execution", "never change a row"),
    )
    fill_with_orders(pool, range(1, 2))
    with pytest.raises(SchemaError, match=r"can't be made what the engine needs.*never change"):
        schema.mend()


def test_an_execution_that_is_behind_its_own_ledger_is_not_filled_again(
    database: str, pool: Database, schema: PostgresSchema
) -> None:
    fill_with_orders(pool, range(1, 2))
    change(
        database,
        "insert into fill values (1, 1, 2, 43.25, now() + interval '1 s', 2, 86.5, 2, true)",
    )
    with pytest.raises(SchemaError, match="later fills of 1 open executions"):
        schema.mend()
    assert one(database, "select id from execution") == 1


def test_a_part_that_is_missing_is_made(
    database: str, pool: Database, schema: PostgresSchema
) -> None:
    fill_with_orders(pool, range(1, 2))
    change(database, "drop table fill_0")
    assert schema.mend().mended == ("1 parts of fill were missing",)
    schema.try_out()
    change(database, LEDGER_ROW.replace("%s", "1"))


def test_a_part_that_was_taken_out_is_somebodys_to_put_back(
    database: str, pool: Database, schema: PostgresSchema
) -> None:
    fill_with_orders(pool, range(1, 2))
    change(database, "alter table fill detach partition fill_0")
    with pytest.raises(SchemaError, match="no part for this execution"):
        schema.try_out()
    with pytest.raises(
        SchemaError, match=r"fill_0 is no part of fill: alter table .* or rename it"
    ):
        schema.mend()
    change(database, "alter table fill_0 rename to archived")
    assert schema.mend().mended == ("1 parts of fill were missing",)
    fill_with_orders(pool, range(2, 3))
    schema.try_out()


def test_a_part_that_was_archived_is_not_made_again(
    database: str, pool: Database, schema: PostgresSchema
) -> None:
    fill_with_orders(pool, range(1, 2))
    change(
        database,
        "update execution set is_open = false",
        "select setval('execution_id_seq', 5000000)",
        "select add_fill_parts(5000000)",
        "alter table fill detach partition fill_0",
    )
    fill_with_orders(pool, range(2, 3))
    assert schema.mend().mended == ()
    schema.try_out()


def test_numbers_of_migrations_that_were_lost_are_written_down(
    database: str, schema: PostgresSchema, events: list[str]
) -> None:
    change(database, "truncate fixengine_schema")
    schema.prepare()
    assert events == ["the schema was not as it should be, and is mended"]
    assert schema.prepare().mended == ()
    change(database, "drop table fixengine_schema")
    schema.prepare()
    assert one(database, "select count(*) > 0 from fixengine_schema")


def test_lost_numbers_beside_tables_that_differ_are_somebodys_to_mend(
    database: str, schema: PostgresSchema
) -> None:
    change(database, "truncate fixengine_schema", "drop table outbox")
    with pytest.raises(SchemaError, match="restore it from a backup"):
        schema.prepare()


def test_a_role_that_may_not_mend_is_told_what_its_owner_has_to_run(
    database: str, schema: PostgresSchema, pool: Database
) -> None:
    change(
        database,
        "drop role if exists clerk",
        "create role clerk login",
        "grant select, insert, update, delete on all tables in schema public to clerk",
        "grant usage on all sequences in schema public to clerk",
        "drop index execution_open_ndx",
    )
    fill_with_orders(pool, range(1, 3))
    change(database, "select setval('execution_id_seq', 1)")
    try:
        with opened(database.replace("postgres@", "clerk@")) as clerks:
            with pytest.raises(SchemaError, match="as its owner run CREATE INDEX execution_open"):
                PostgresSchema(clerks, clerks, forgets=True).prepare()
            schema.check()
            assert PostgresSchema(clerks, clerks, forgets=True).prepare().mended == ()
            change(database, "select setval('execution_id_seq', 1)")
            assert len(PostgresSchema(clerks, clerks, forgets=True).prepare().mended) == 1
    finally:
        change(database, "drop owned by clerk", "drop role clerk")


@pytest.fixture
def empty(empty_database: str) -> Iterator[PostgresSchema]:
    with opened(empty_database) as pool:
        yield PostgresSchema(pool, pool, forgets=True)


def test_a_table_in_another_schema_gets_no_second_one_beside_it(
    empty_database: str, empty: PostgresSchema
) -> None:
    change(
        empty_database,
        "create schema fix; set search_path = fix; " + GO_SCHEMA.replace("public.", ""),
    )
    with pytest.raises(SchemaError, match=r"alter table fix\.execution set schema public"):
        empty.prepare()
    assert one(empty_database, "select to_regclass('public.execution')") is None
    change(empty_database, "alter table fix.execution set schema public")
    empty.prepare()


def test_a_second_table_beside_it_is_worth_a_note(database: str, schema: PostgresSchema) -> None:
    change(
        database, "create schema fix; create table fix.execution as table execution with no data"
    )
    assert "there is a table fix.execution, too" in schema.check().note


@pytest.mark.parametrize(
    ("statements", "remedy"),
    [
        ("create view execution as select 1 as id", "public.execution is a view"),
        (
            "create table execution (id serial primary key, order_id integer not null)",
            "column execution_service_id of public.execution is missing",
        ),
    ],
)
def test_what_cannot_be_adopted_is_left_as_it_is(
    empty_database: str, empty: PostgresSchema, statements: str, remedy: str
) -> None:
    change(empty_database, statements)
    with pytest.raises(SchemaError) as refused:
        empty.prepare()
    assert remedy in str(refused.value)
    assert one(empty_database, "select to_regclass('public.fill')") is None


def test_a_trial_leaves_nothing_behind(database: str, schema: PostgresSchema) -> None:
    schema.try_out()
    for table in ("execution", "fill", "expiry", "execution_trace", "outbox"):
        assert one(database, f"select count(*) from {table}") == 0


@pytest.mark.parametrize("table", ["execution", "fill", "expiry", "execution_trace"])
def test_a_trial_tells_that_any_order_is_refused(
    database: str, schema: PostgresSchema, table: str
) -> None:
    """Also where only orders that end, or have a trace, are refused, and all of them."""
    change(database, refusing(f"insert on {table}", "no more"))
    with pytest.raises(SchemaError, match=r"a sound one is refused, too: .*no more"):
        schema.try_out()


def test_an_older_engine_leaves_the_schema_of_a_newer_one_alone(
    database: str, schema: PostgresSchema
) -> None:
    change(
        database,
        "insert into fixengine_schema (version, name) values (999, 'future')",
        "drop trigger execution_has_room on execution",
    )
    assert schema.check().mended == schema.mend().mended == ()


def test_orders_are_stored_after_a_mend(
    database: str, schema: PostgresSchema, pool: Database
) -> None:
    recreate(database)
    schema.check()
    assert PostgresExecutions(pool, first_fill_delay=0).insert_orders([(order(1), "A")]) == 1
