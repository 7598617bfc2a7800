"""What a fill writes is what docs/scaling.md counts on."""

import re
from collections.abc import Iterator
from decimal import Decimal
from random import Random

import psycopg
import pytest

from fixengine.demo.waiting import wait_until
from fixengine.rules.fills import FillRules, evaluate
from tests.support.documents import page
from tests.support.rows import fill_with_orders, mark_published, opened, session

_FILLS = 50
_WRITTEN = """
select
    (select n_tup_upd from pg_stat_user_tables where relname = 'execution'),
    (select n_tup_hot_upd from pg_stat_user_tables where relname = 'execution'),
    (select sum(n_tup_ins) from pg_stat_user_tables where relname like 'fill\\_%'),
    (select n_tup_ins from pg_stat_user_tables where relname = 'outbox'),
    (select n_tup_upd + n_tup_del from pg_stat_user_tables where relname = 'outbox')
"""
_INDEXES = "select count(*) from pg_index where indrelid = %s::regclass"


@pytest.fixture
def filled(database: str) -> Iterator[psycopg.Connection]:
    """A database in which each of so many executions got its first fill, and none its last."""
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 1 + _FILLS), quantity=Decimal(10**6))
        claim = claims.claim(_FILLS)
        fills = [
            evaluate(each, price=Decimal(1), now=claim.now, rng=Random(7), rules=FillRules())
            for each in claim.executions
        ]
        claims.store(fills, ())
        mark_published(pool, claims, [(each.execution.id, 1) for each in fills])
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def test_a_fill_is_a_version_of_its_execution_a_row_of_the_ledger_and_one_of_the_outbox(
    filled: psycopg.Connection,
) -> None:
    said = " ".join(page("scaling").split())
    assert "1 new version in `execution`, 1 in `fill`, 1 in `outbox`, which goes again" in said
    assert "**No fill is a HOT update**" in said
    assert "dead rows for autovacuum, two a fill" in said
    written = (_FILLS, 0, _FILLS, _FILLS, _FILLS)
    # sessions report when they end
    wait_until(lambda: filled.execute(_WRITTEN).fetchone() == written, 60, f"{written}")


def test_so_many_indexes_get_an_entry_for_a_fill(filled: psycopg.Connection) -> None:
    said = " ".join(page("scaling").split())
    (of,) = re.findall(
        r"\| entries in indexes \| (\d) \| (\d) of `execution`, (\d) of `fill`, (\d) of `outbox`",
        said,
    )
    tables = ("execution", "execution", "fill_0", "outbox")
    for table, number in zip(tables, of, strict=True):
        assert filled.execute(_INDEXES, [table]).fetchone() == (int(number),), table
