"""What the Go service makes of executions that were changed before it took its database back."""

from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from fixengine.infra.postgres.changes import PostgresChanges
from fixengine.rules.changes import ChangeRequest
from fixengine.rules.changes import change as changed
from fixengine.rules.fills import FillRules
from fixengine.rules.values import ChangeKind
from tests.support.documents import blocks, page
from tests.support.go_service import BLIND_UPDATE, recreate
from tests.support.rows import change, fill_with_orders, opened, session

UNTOUCHED, REPLACED, CANCELLED, PART_CANCELLED = range(1, 5)


@pytest.fixture
def taken_back(database: str) -> str:
    """Return a database with one execution of each kind, handed back as the page says."""
    with opened(database) as pool, session(pool) as claims:
        fill_with_orders(pool, range(1, 5), quantity=Decimal(1000))
        change(database, f"update execution set quantity_filled = 5 where id = {PART_CANCELLED}")
        asked = [
            ChangeRequest(
                execution_id=REPLACED,
                kind=ChangeKind.REPLACE,
                quantity=Decimal(700),
                limit_price=Decimal(9),
            ),
            ChangeRequest(execution_id=CANCELLED, kind=ChangeKind.CANCEL),
            ChangeRequest(execution_id=PART_CANCELLED, kind=ChangeKind.CANCEL),
        ]
        changes = PostgresChanges(pool, claims.session)
        locked = changes.lock(asked, within=60)
        assert locked.now is not None
        done = [
            changed(locked.executions[each.execution_id], each, now=locked.now, rules=FillRules())
            for each in asked
        ]
        assert len(changes.store(done)) == len(asked)
        changes.close()
    (statements,) = (
        sql for sql in blocks(page("upgrading-from-go"), "sql") if "disable trigger" in sql
    )
    change(database, statements)
    return database


def rows(dsn: str) -> dict[int, dict[str, Any]]:
    """Return the table as the Go service takes it: all columns, whatever there are."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        return {row["id"]: row for row in connection.execute("select * from execution")}


def test_what_is_cancelled_is_never_filled_and_what_is_open_is(taken_back: str) -> None:
    before = rows(taken_back)
    statuses = [before[id_]["execution_status"] for id_ in (CANCELLED, PART_CANCELLED)]
    assert statuses == ["CNCLD", "CPART"]
    change(taken_back, "update execution set next_fill_timestamp = now() where is_open")
    change(taken_back, *[BLIND_UPDATE] * 4)
    after = rows(taken_back)
    for id_ in (CANCELLED, PART_CANCELLED):
        assert after[id_] == before[id_]
    for id_ in (UNTOUCHED, REPLACED):
        assert after[id_]["quantity_filled"] == 1


def test_it_reads_the_terms_that_hold_and_no_column_that_it_does_not_know(
    taken_back: str, empty_database: str
) -> None:
    found = rows(taken_back)[REPLACED]
    assert (found["quantity_ordered"], found["limit_price"]) == (700, 9)
    change(empty_database, "create table execution ()")
    recreate(empty_database)
    with psycopg.connect(empty_database) as connection:
        its_own = connection.execute("select * from execution").description or ()
    assert list(found) == [column.name for column in its_own]


def test_the_page_names_what_it_would_fill_beyond_its_end(taken_back: str) -> None:
    change(
        taken_back,
        f"insert into expiry values ({UNTOUCHED}, now()), ({CANCELLED}, now())",
    )
    (question,) = (sql for sql in blocks(page("upgrading-from-go"), "sql") if "expiry" in sql)
    with psycopg.connect(taken_back) as connection:
        assert [row[0] for row in connection.execute(question.encode())] == [UNTOUCHED]
