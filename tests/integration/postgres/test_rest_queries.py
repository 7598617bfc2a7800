"""What REST reads, on a real database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import monotonic

import psycopg
import pytest

from fixengine.errors import SlowQueryError, UnavailableError
from fixengine.infra.postgres.rest_queries import PostgresQueries
from fixengine.ports.queries import Evaluation, ExecutionQuery, LedgerQuery, Subtotals, Sums
from fixengine.rules.values import LedgerEntry, Terms, TradeType
from fixengine.wire.executions import encode_execution
from tests.support.rows import LEDGER_ROW, fill_with_orders, one, opened


def test_filters_and_pages(database: str) -> None:
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 6))
        fill_with_orders(pool, range(6, 8), trade_type=TradeType.SELL, destination="X")
        reads = PostgresQueries(pool)

        def page(**criteria: object) -> list[int]:
            query = ExecutionQuery(**criteria)  # type: ignore[arg-type]  # any of its fields
            return [row.execution_service_id for row in reads.page(query, timeout=60)]

        assert page() == [7, 6, 5, 4, 3, 2, 1]
        assert page(limit=2) == [7, 6]
        assert page(limit=2, before_id=6) == [5, 4]
        assert page(trade_type="SELL") == [7, 6]
        assert page(destination="ML", limit=1) == [5]
        assert page(execution_service_id=3) == [3]
        assert page(ticker="B") == []
        assert page(is_open=False) == []
        assert len(page(status="WORK", is_open=True)) == 7
        now = datetime.now(UTC)
        assert page(received_since=now) == []
        assert len(page(received_until=now)) == 7


def test_the_ledger_in_pages(database: str) -> None:
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 3))
        reads = PostgresQueries(pool)
        with pool.connection() as connection:
            for number in (3, 1, 2):
                connection.execute(LEDGER_ROW, [number])

        def numbers(execution_id: int, **criteria: int) -> list[int] | None:
            query = LedgerQuery(execution_id=execution_id, **criteria)
            found = reads.fills(query, timeout=60)
            return None if found is None else [each.entry.number for each in found]

        assert numbers(1) == [1, 2, 3]
        assert numbers(1, limit=2) == [1, 2]
        assert numbers(1, after=2) == [3]
        assert numbers(1, after=3) == []
        assert numbers(2) == []
        assert numbers(3) is None
        (first,) = reads.fills(LedgerQuery(execution_id=1, limit=1), timeout=60) or ()
    assert first == Evaluation(
        LedgerEntry(
            execution_id=1,
            number=1,
            quantity=Decimal(2),
            price=Decimal("43.25"),
            filled_at=datetime(2026, 7, 28, 12, tzinfo=UTC),
            quantity_filled=Decimal(4),
            total_amount=Decimal(173),
            version=3,
            announced=True,
        )
    )


def test_the_ledger_says_which_of_its_rows_are_changes(database: str) -> None:
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 3))
        with pool.connection() as connection:
            for number in (1, 2, 3):
                connection.execute(LEDGER_ROW, [number])
            connection.execute(
                "insert into change values (1, 2, 'REPLACE', 10, null, 20, 4.5, 'k'), "
                "(1, 3, 'CANCEL', 20, 4.5, 20, 4.5, null), "
                "(2, 1, 'CANCEL', 10, null, 10, null, 'k')"
            )
        found = PostgresQueries(pool).fills(LedgerQuery(execution_id=1), timeout=60) or ()
    assert [(each.entry.number, each.change, each.terms) for each in found] == [
        (1, None, None),
        (2, "REPLACE", Terms(Decimal(20), Decimal("4.5"))),
        (3, "CANCEL", Terms(Decimal(20), Decimal("4.5"))),
    ]


def test_stretches_are_added_up_by_status(database: str) -> None:
    with opened(database) as pool:
        reads = PostgresQueries(pool)
        assert reads.add_up(after=0, limit=10, timeout=60) == Subtotals(by_status={}, last_id=None)
        fill_with_orders(pool, range(1, 6))
        with pool.connection() as connection:
            connection.execute("delete from execution where id = 2")
            connection.execute(
                "update execution set execution_status = 'PART', quantity_filled = 4, "
                "total_amount = 12.5 where id = 4"
            )
        ten = Sums(executions=1, quantity_ordered=Decimal(10))
        part = Sums(
            executions=1,
            quantity_ordered=Decimal(10),
            quantity_filled=Decimal(4),
            total_amount=Decimal("12.5"),
        )
        assert reads.add_up(after=0, limit=3, timeout=60) == Subtotals(
            by_status={"WORK": ten + ten, "PART": part}, last_id=4
        )
        assert reads.add_up(after=4, limit=3, timeout=60) == Subtotals(
            by_status={"WORK": ten}, last_id=5
        )


def test_times_that_nothing_can_show_hide_no_execution(database: str) -> None:
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 4))
        with pool.connection() as connection:
            connection.execute("update execution set received_timestamp = 'infinity' where id = 1")
            connection.execute(
                "update execution set sent_timestamp = '20000-01-01', "
                "last_fill_timestamp = '-infinity' where id = 2"
            )
        page = PostgresQueries(pool).page(ExecutionQuery(), timeout=60)
        assert [row.id for row in page] == [3, 2, 1]
        assert all(encode_execution(row) for row in page)
        assert page[0].last_fill_timestamp is None
        for row in page:
            assert PostgresQueries(pool).by_id([row.id], timeout=60) == {row.id: row}


def test_numbers_that_are_none_hide_no_execution_and_spoil_no_sum(database: str) -> None:
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 3))
        sound = PostgresQueries(pool).by_id([2], timeout=60)[2]
        with pool.connection() as connection:
            connection.execute(
                "update execution set quantity_ordered = 'NaN', limit_price = 'NaN', "
                "quantity_filled = 'NaN', total_amount = 'NaN' where id = 1"
            )
        page = PostgresQueries(pool).page(ExecutionQuery(), timeout=60)
        assert [row.id for row in page] == [2, 1]
        assert all(b"NaN" not in encode_execution(row) for row in page)
        assert PostgresQueries(pool).by_id([1], timeout=60) == {1: page[1]}
        sums = (
            PostgresQueries(pool)
            .add_up(after=0, limit=10, timeout=60)
            .by_status[sound.execution_status]
        )
        assert sums.quantity_ordered == sound.quantity_ordered
        assert sums.total_amount == 0


def test_the_server_ends_a_query_that_takes_too_long(database: str) -> None:
    with opened(database, statement_limit=0.3) as pool, psycopg.connect(database) as writer:
        fill_with_orders(pool, range(1, 2))
        writer.execute("lock table execution in access exclusive mode")
        began = monotonic()
        with pytest.raises(SlowQueryError):
            PostgresQueries(pool).page(ExecutionQuery(), timeout=60)
        assert monotonic() - began < 30
        writer.rollback()
        assert one(database, "select count(*) from pg_stat_activity where state = 'active'") == 1
        # the connection is whole
        assert len(PostgresQueries(pool).page(ExecutionQuery(), timeout=60)) == 1


def test_no_server_is_said_within_the_time_given() -> None:
    with opened("postgresql://postgres@127.0.0.1:1/none") as pool:
        began = datetime.now(UTC)
        with pytest.raises(UnavailableError):
            PostgresQueries(pool).by_id([1], timeout=0.5)
        assert datetime.now(UTC) - began < timedelta(seconds=30)


def test_a_dead_connection_of_the_pool_is_replaced(database: str) -> None:
    with opened(database) as pool:
        reads = PostgresQueries(pool)
        assert reads.by_id([1], timeout=60) == {}
        with psycopg.connect(database, autocommit=True) as killer:
            killer.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
                "where application_name = 'test'"
            )
        assert reads.by_id([1], timeout=60) == {}
