"""REST's queries on a hundred thousand executions, nearly all of them closed."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from fixengine.demo.servers.postgres import Postgres
from fixengine.infra.postgres.rest_queries import PostgresQueries
from fixengine.ports.queries import ExecutionQuery
from tests.conftest import new_database
from tests.support.postgres.plans import carried_out
from tests.support.rows import opened

MANY = 100_000
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
LAST = FIRST + timedelta(milliseconds=20) * MANY

_EXECUTIONS = """
insert into execution (
    execution_service_id, is_open, execution_status, trade_type, destination, security_id, ticker,
    quantity_ordered, received_timestamp, sent_timestamp, quantity_filled, next_fill_timestamp,
    number_of_fills, total_amount
)
select
    n, open, case when open then 'PART' else 'FULL' end, 'BUY', 'D' || n %% 7,
    '68bda020e3644b42ebcb2bd3', 'T' || n %% 505, 1000, at, at,
    case when open then 500 else 1000 end, case when open then now() + interval '1 day' end,
    1, 5000.5
from (
    select n, n %% 10000 = 0 as open, %(first)s + n * interval '20 ms' as at
    from generate_series(1, %(many)s) as n
) as executions
"""


@pytest.fixture(scope="module")
def large(postgres: Postgres, migrated_template: str) -> Iterator[str]:
    """The DSN of a database with many executions."""
    for dsn in new_database(postgres, migrated_template):
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(_EXECUTIONS, {"many": MANY, "first": FIRST})
            connection.execute("vacuum analyze execution")
        yield dsn


@pytest.mark.parametrize(
    ("criteria", "index", "most"),
    [
        ({}, "execution_pkey", 100),
        ({"before_id": MANY // 2}, "execution_pkey", 100),
        ({"is_open": True}, "execution_open_ndx", 10),
        ({"is_open": True, "before_id": MANY // 2}, "execution_open_ndx", 5),
        ({"is_open": True, "ticker": "T7"}, "execution_open_ndx", 10),
        ({"is_open": True, "status": "PART"}, "execution_open_ndx", 10),
        ({"execution_service_id": 5}, "execution_service_id_ndx", 2),
        ({"is_open": False}, "execution_pkey", 101),
        ({"destination": "D3"}, "execution_pkey", 700),
        ({"ticker": "T7"}, "execution_pkey", 505 * 101),
        ({"received_since": LAST - timedelta(minutes=1)}, "execution_pkey", 3000),
    ],
)
def test_an_index_leads_to_the_page(
    large: str, criteria: dict[str, Any], index: str, most: int
) -> None:
    with opened(large) as pool, pool.connection() as connection:
        parameters = asdict(ExecutionQuery(**criteria))
        read = carried_out(connection, "page_executions", parameters)
    assert index in read.indexes, read.plan
    assert read.rows <= most, read.plan


@pytest.mark.parametrize(
    "criteria",
    [
        {"ticker": "NONE"},
        {"status": "NONE"},
        {"destination": "NONE"},
        {"trade_type": "NONE"},
        {"ticker": "T7", "destination": "NONE"},
        {"received_since": LAST + timedelta(days=1)},
        {"received_until": FIRST},
        {"received_until": FIRST + timedelta(minutes=1)},
    ],
)
def test_what_has_to_be_looked_for_everywhere_is_in_time_too(
    large: str, criteria: dict[str, Any]
) -> None:
    """In production 2 s are given; beyond that it is the 503 that says so."""
    with opened(large) as pool:
        PostgresQueries(pool).page(ExecutionQuery(**criteria), timeout=60)


def test_a_stretch_is_added_up_without_a_look_at_others(large: str) -> None:
    with opened(large) as pool:
        stretch = PostgresQueries(pool).add_up(after=MANY // 2, limit=20_000, timeout=60)
        with pool.connection() as connection:
            read = carried_out(connection, "add_up", {"after": MANY // 2, "limit": 20_000})
    assert read.rows <= 20_000, read.plan
    assert stretch.last_id == MANY // 2 + 20_000
    assert {status: sums.executions for status, sums in stretch.by_status.items()} == {
        "FULL": 19_998,
        "PART": 2,
    }
