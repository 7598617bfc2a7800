from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import pytest

from fixengine.errors import SchemaError
from fixengine.infra.migrate import migrate, migrations
from fixengine.infra.reads import Reads
from tests.integration.rows import one, opened

GO_SERVICE = """
create table schema_migrations (version bigint not null primary key, dirty boolean not null);
insert into schema_migrations values (1, false);
create table public.execution (
    id serial primary key,
    execution_service_id integer not null,
    is_open boolean not null default true,
    execution_status varchar(20) not null,
    trade_type varchar(10) not null,
    destination varchar(20) not null,
    security_id char(24) not null,
    ticker varchar(20) not null,
    quantity_ordered decimal(18,8) not null,
    limit_price decimal(18,8),
    received_timestamp timestamptz not null,
    sent_timestamp timestamptz not null,
    last_fill_timestamp timestamptz,
    quantity_filled decimal(18,8) not null default 0,
    next_fill_timestamp timestamptz,
    number_of_fills smallint not null default 0,
    total_amount decimal(18,8) not null default 0,
    trade_service_execution_id integer,
    version integer not null default 1
);
create unique index execution_service_id_ndx on public.execution (execution_service_id);
create index execution_next_fill_ndx on public.execution (next_fill_timestamp desc nulls last);
insert into public.execution (execution_service_id, execution_status, trade_type, destination,
    security_id, ticker, quantity_ordered, received_timestamp, sent_timestamp, quantity_filled,
    next_fill_timestamp, number_of_fills, total_amount, version)
values (7, 'PART', 'BUY', 'ML', 'short', 'A', 100, now(), now(), 40.00000001, null, 3, 12.5, 4)
"""


def run(dsn: str) -> int:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return len(migrate(connection))


def test_an_empty_database_gets_the_schema_once(empty_database: str) -> None:
    assert run(empty_database) == len(migrations())
    assert run(empty_database) == 0


def test_twenty_engines_migrate_at_once(empty_database: str) -> None:
    with ThreadPoolExecutor(20) as threads:
        applied = [threads.submit(run, empty_database) for _ in range(20)]
        assert sum(future.result(60) for future in applied) == len(migrations())


def test_the_go_services_database_is_adopted_with_its_rows(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(GO_SERVICE.encode())
    run(empty_database)
    with opened(empty_database) as pool:
        row = Reads(pool).get(1, timeout=2)
    assert row is not None
    assert (row.security_id, row.execution_status) == ("short", "PART")
    assert (row.quantity_filled, row.number_of_fills) == (Decimal("40.00000001"), 3)
    assert row.next_fill_timestamp is not None
    assert one(empty_database, "select version from schema_migrations") == 1


def test_a_newer_schema_is_refused_and_left_alone(database: str) -> None:
    newer = len(migrations()) + 1
    with psycopg.connect(database) as connection:
        connection.execute(
            "insert into fixengine_schema (version, name) values (%s, 'future')", [newer]
        )
    with pytest.raises(SchemaError, match=f"schema version {newer}, this program knows"):
        run(database)


def test_columns_that_the_collector_reads_are_all_there(database: str) -> None:
    columns = one(
        database,
        "select array_agg(column_name::text order by ordinal_position) "
        "from information_schema.columns where table_name = 'execution'",
    )
    assert columns == [
        "id",
        "execution_service_id",
        "is_open",
        "execution_status",
        "trade_type",
        "destination",
        "security_id",
        "ticker",
        "quantity_ordered",
        "limit_price",
        "received_timestamp",
        "sent_timestamp",
        "last_fill_timestamp",
        "quantity_filled",
        "next_fill_timestamp",
        "number_of_fills",
        "total_amount",
        "trade_service_execution_id",
        "version",
    ]
