"""What REST reads, on a real database."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import monotonic

import psycopg
import pytest
from psycopg.rows import args_row

from fixengine.errors import SlowQueryError, UnavailableError
from fixengine.infra.postgres.rest_queries import PostgresQueries
from fixengine.infra.postgres.statements import query
from fixengine.ports.queries import Evaluation, ExecutionQuery, LedgerQuery, Subtotals, Sums
from fixengine.rules.values import Execution, LedgerEntry, Terms, TradeType
from fixengine.wire.executions import encode_execution
from tests.support.executions import read
from tests.support.rows import LEDGER_ROW, fill_with_orders, one, opened


def test_filters_and_pages(database: str) -> None:
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 6))
        fill_with_orders(pool, range(6, 8), trade_type=TradeType.SELL, destination="X")
        reads = PostgresQueries(pool)

        def page(**criteria: object) -> list[int]:
            wanted = ExecutionQuery(**criteria)  # type: ignore[arg-type]  # any of its fields
            return [read(row).execution_service_id for row in reads.page(wanted, timeout=60)]

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
            wanted = LedgerQuery(execution_id=execution_id, **criteria)
            found = reads.fills(wanted, timeout=60)
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


TEXTS = ["", " A ", "BRK.B", '"', "\\", "\b\f\n\r\t\x01\x1f\x7f", "</script>", "ÜЖ漢😀\u2028"]
QUANTITIES = ["134", "0.00000001", "0.5", "9999999999.99999999", "1234567890.1", "2000"]
TOTALS = ["0.10000000", "-0.10000000", "0.09999999", "0", "9999999999.99999999", "0.00000001"]
MOMENTS = ["2026-07-28 12:16:10.233793Z", "0001-01-02Z", "9999-12-30Z", "1969-12-31 23:59:59.5Z"]
ALL_KINDS = """
update execution set
    ticker = texts[1 + id %% 8], destination = texts[1 + id / 8 %% 8],
    trade_type = left(texts[1 + id %% 8], 10), execution_status = texts[1 + id %% 8],
    security_id = left(md5(id::text), 20 + id %% 5), is_open = id %% 2 = 0,
    quantity_ordered = quantities[1 + id %% 6], total_amount = totals[1 + id / 36 %% 6],
    quantity_filled = case when id %% 5 > 0 then quantities[1 + id / 6 %% 6] else 0 end,
    limit_price = case when id %% 3 > 0 then totals[1 + id %% 6] end,
    received_timestamp = moments[1 + id %% 4], sent_timestamp = moments[1 + id / 4 %% 4],
    last_fill_timestamp = case when id %% 7 > 0 then moments[1 + id / 16 %% 4] end,
    trade_service_execution_id = nullif(id %% 9, 0), number_of_fills = id, version = -id
from (
    select %s::text[] as texts, %s::numeric[] as quantities, %s::numeric[] as totals,
        %s::timestamptz[] as moments
) as all_kinds
"""


def test_the_database_writes_json_as_messages_have_it_to_the_byte(database: str) -> None:
    """0.1 in all for 2000 filled is half a ten-thousandth for each: it is rounded away from 0."""
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 1 + 6 * 6 * 8))
        with (
            pool.connection() as connection,
            connection.cursor(row_factory=args_row(Execution)) as cursor,
        ):
            connection.execute(ALL_KINDS, [TEXTS, QUANTITIES, TOTALS, MOMENTS])
            cursor.execute(query("audit_executions"), {"order": 0, "id": 0, "limit": 1000})
            rows = {execution.id: execution for execution in cursor}
        page = PostgresQueries(pool).page(ExecutionQuery(limit=1000), timeout=60)
        each = PostgresQueries(pool).by_id([*rows], timeout=60)
    assert [row.id for row in page] == sorted(rows, reverse=True)
    for shown in page:
        assert shown.json.encode() == encode_execution(rows[shown.id])
        assert shown == each[shown.id]
        assert shown.version == rows[shown.id].version
    averages = {re.search(r'"averagePrice":([^,]*)', shown.json) for shown in page}
    assert {"0.0001", "-0.0001", "0", None} < {found and found[1] for found in averages}


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
        assert read(page[0]).last_fill_timestamp is None
        assert read(page[1]).sent_timestamp == datetime(9999, 12, 30, tzinfo=UTC)
        assert read(page[1]).last_fill_timestamp == datetime(1, 1, 2, tzinfo=UTC)
        for row in page:
            assert PostgresQueries(pool).by_id([row.id], timeout=60) == {row.id: row}


def test_numbers_that_are_none_hide_no_execution_and_spoil_no_sum(database: str) -> None:
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 3))
        sound = read(PostgresQueries(pool).by_id([2], timeout=60)[2])
        with pool.connection() as connection:
            connection.execute(
                "update execution set quantity_ordered = 'NaN', limit_price = 'NaN', "
                "quantity_filled = 'NaN', total_amount = 'NaN' where id = 1"
            )
        page = PostgresQueries(pool).page(ExecutionQuery(), timeout=60)
        assert [row.id for row in page] == [2, 1]
        of_none = read(page[1])
        assert (of_none.quantity_ordered, of_none.quantity_filled, of_none.total_amount) == (
            0,
            0,
            0,
        )
        assert of_none.limit_price is None
        assert "averagePrice" not in page[1].json
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
