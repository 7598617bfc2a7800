"""Databases that orders are spread over give each execution a number that no other one gives."""

from collections.abc import Iterator

import psycopg
import pytest

from fixengine.errors import SchemaError
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.schema.schema import PostgresSchema
from fixengine.rules.shards import WHOLE, Shard
from tests.support.postgres.roles import dsn_as, engine_role
from tests.support.rows import change, fill_with_orders, one, opened

SECOND = Shard(2, 3)


@pytest.fixture
def pool(database: str) -> Iterator[Database]:
    with opened(database) as pool:
        yield pool


def prepare(pool: Database, shard: Shard) -> None:
    PostgresSchema(pool, pool, forgets=False, shard=shard).prepare()


def numbers(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute("select id from execution order by id")]


def test_each_number_is_of_the_shard(database: str, pool: Database) -> None:
    prepare(pool, SECOND)
    fill_with_orders(pool, range(4))
    assert numbers(database) == [2, 5, 8, 11]


def test_an_engine_that_starts_again_goes_on_with_the_numbers(
    database: str, pool: Database
) -> None:
    prepare(pool, SECOND)
    fill_with_orders(pool, range(1))
    prepare(pool, SECOND)
    fill_with_orders(pool, range(100, 101))
    assert numbers(database) == [2, 5]


def test_numbers_that_were_set_back_by_hand_are_the_shards_again(
    database: str, pool: Database
) -> None:
    prepare(pool, SECOND)
    fill_with_orders(pool, range(2))
    change(database, "select setval('execution_id_seq', 9)")
    prepare(pool, SECOND)
    fill_with_orders(pool, range(100, 101))
    assert numbers(database) == [2, 5, 11]


def test_an_emptied_table_goes_on_with_the_numbers_of_the_shard(
    database: str, pool: Database
) -> None:
    prepare(pool, SECOND)
    fill_with_orders(pool, range(2))
    change(database, "truncate execution restart identity")
    prepare(pool, SECOND)
    fill_with_orders(pool, range(1))
    (number,) = numbers(database)
    assert SECOND.has(number)


def test_a_sequence_that_was_dropped_comes_back_as_the_shards(
    database: str, pool: Database
) -> None:
    prepare(pool, SECOND)
    fill_with_orders(pool, range(2))
    change(database, "drop sequence execution_id_seq cascade", "delete from execution")
    prepare(pool, SECOND)
    fill_with_orders(pool, range(1))
    (number,) = numbers(database)
    assert SECOND.has(number)


@pytest.mark.parametrize("other", [WHOLE, Shard(1, 3), Shard(2, 2)])
def test_an_engine_of_another_database_is_refused(pool: Database, other: Shard) -> None:
    prepare(pool, SECOND)
    with pytest.raises(SchemaError, match=f"ORDER_SHARD 2/3, and ORDER_SHARD is {other}"):
        prepare(pool, other)


def test_a_database_that_had_all_orders_is_refused(database: str, pool: Database) -> None:
    prepare(pool, WHOLE)
    fill_with_orders(pool, range(1))
    with pytest.raises(SchemaError, match="begin with an empty database"):
        prepare(pool, SECOND)
    assert (
        one(
            database,
            "select seqincrement from pg_sequence where seqrelid = 'execution_id_seq'::regclass",
        )
        == 1
    )


def test_a_role_that_does_not_own_the_tables_is_told_what_its_owner_has_to_run(
    database: str, pool: Database
) -> None:
    with engine_role(database) as role, opened(dsn_as(role, database)) as clerks:
        with pytest.raises(SchemaError, match="as the owner of the tables") as refused:
            prepare(clerks, SECOND)
        change(database, "alter sequence" + str(refused.value).partition("alter sequence")[2])
        prepare(clerks, SECOND)
    fill_with_orders(pool, range(1))
    assert numbers(database) == [2]
