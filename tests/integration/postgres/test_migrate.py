from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from fixengine.errors import SchemaError
from fixengine.infra.postgres.schema.migrate import migrate, migrations
from tests.support.rows import one


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


def test_a_database_whose_numbers_are_near_their_end_is_migrated(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        for migration in migrations()[:6]:
            connection.execute(migration.statements)
        connection.execute(
            "insert into execution (id, execution_service_id, execution_status, trade_type, "
            "destination, security_id, ticker, quantity_ordered, received_timestamp, "
            "sent_timestamp) values (2147483646, 1, 'WORK', 'BUY', 'ML', '', 'A', 1, now(), now())"
        )
        for migration in migrations()[6:]:
            connection.execute(migration.statements)
        connection.execute(
            "insert into fill select id, 1, 1, 1, now(), 1, 1, 2, true from execution"
        )
    bounds = "select pg_get_expr(relpartbound, oid) from pg_class where relname = 'fill_2147000000'"
    assert one(empty_database, bounds) == "FOR VALUES FROM (MINVALUE) TO (MAXVALUE)"


def test_a_newer_schema_is_refused_and_left_alone(database: str) -> None:
    newer = len(migrations()) + 1
    with psycopg.connect(database) as connection:
        connection.execute(
            "insert into fixengine_schema (version, name) values (%s, 'future')", [newer]
        )
    with pytest.raises(SchemaError, match=f"schema version {newer}, this program knows"):
        run(database)


def test_columns_that_the_collector_reads_are_all_there(database: str) -> None:
    """And no others: the Go service, on the way back, takes `*` for those that it knows."""
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
