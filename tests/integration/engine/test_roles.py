"""An engine whose role may read and write, and nothing else: the set-up that the docs describe."""

from itertools import islice

import psycopg
import pytest

from fixengine.demo.feed.feed import orders
from fixengine.infra.postgres.retention import PostgresRetention
from tests.support.engines import Surroundings, restarts, wait_until_ready
from tests.support.postgres.roles import dsn_as
from tests.support.rows import change, fill_with_orders, one, opened

pytestmark = pytest.mark.any_broker


@pytest.fixture
def dsn(role: str, database: str) -> str:
    """Have engines reach the database as a role that may read and write."""
    return dsn_as(role, database)


def test_an_engine_that_may_only_read_and_write_does_all_its_work(around: Surroundings) -> None:
    fed = tuple(islice(orders(seed=21), 40))
    with around.engine(RETENTION_DAYS="1") as engine:
        wait_until_ready(engine)
        around.send(*fed)
        around.wait_until_done(fed)
        wait_until_ready(engine)
        assert not any(restarts(engine).values())
    around.assert_the_ledger_holds(fed)


def number_parts(dsn: str) -> None:
    """Let the next execution's number be in another part of the ledger."""
    change(dsn, "select setval('execution_id_seq', 2999999)")


def test_it_makes_the_ledger_s_parts_and_drops_them(database: str, role: str) -> None:
    with opened(dsn_as(role, database)) as pool:
        number_parts(database)
        fill_with_orders(pool, range(1, 2))
        assert one(database, "select to_regclass('public.fill_4000000') is not null")
        parts = PostgresRetention(pool, days=30).drop_parts()
    assert "fill_0" in parts
    assert one(database, "select to_regclass('public.fill_0') is null")


def test_a_role_that_inherits_nothing_does_all_this_as_one_that_it_sets(
    database: str, role: str
) -> None:
    login = f"{role}_login"
    change(database, f"create role {login} login noinherit password '{login}' in role {role}")
    try:
        number_parts(database)
        with opened(dsn_as(login, database, options=f"-c role={role}")) as pool:
            fill_with_orders(pool, range(1, 2))
            assert "fill_0" in PostgresRetention(pool, days=30).drop_parts()
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=login):
            change(dsn_as(login, database), "select drop_fill_part('fill_1000000')")
    finally:
        change(database, f"drop role {login}")


def test_a_stranger_drops_no_part(database: str, role: str) -> None:
    change(database, f"revoke delete on fill from {role}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=role):
        change(dsn_as(role, database), "select drop_fill_part('fill_0')")
    with pytest.raises(psycopg.errors.UndefinedTable, match="no part of table fill"):
        change(database, "select drop_fill_part('execution')")
