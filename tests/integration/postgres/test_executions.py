from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from time import time

import pytest

from fixengine.demo.waiting import wait_until
from fixengine.errors import RejectedError
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.executions import PostgresExecutions
from fixengine.infra.postgres.rest_queries import PostgresQueries
from fixengine.rules.claim_window import EARLIEST
from fixengine.rules.values import TradeType
from tests.support.executions import read
from tests.support.rows import LEDGER_ROW, SECURITY, fill_with_orders, one, opened, order, session


def test_an_order_becomes_an_execution_field_by_field(database: str) -> None:
    received = datetime(2026, 7, 28, 12, 16, 10, 233793, tzinfo=UTC)
    subject = order(
        37,
        trade_type=TradeType.SHORT,
        quantity=Decimal("134.00000001"),
        limit_price=Decimal("44.1"),
        received_timestamp=received,
        trade_service_execution_id=12,
        version=3,
    )
    with opened(database) as pool:
        executions = PostgresExecutions(pool, first_fill_delay=1.5)
        assert executions.insert_orders([(subject, "BRK.B")]) == 1
        row = read(PostgresQueries(pool).by_id([1], timeout=60)[1])
    next_fill = one(database, "select next_fill_timestamp from execution")
    assert (row.execution_service_id, row.trade_type, row.destination) == (37, "SHORT", "ML")
    assert (row.security_id, row.ticker) == (SECURITY, "BRK.B")
    assert (row.quantity_ordered, row.limit_price) == (Decimal("134.00000001"), Decimal("44.1"))
    assert (row.received_timestamp, row.trade_service_execution_id) == (received, 12)
    assert (row.is_open, row.execution_status, row.version) == (True, "WORK", 3)
    assert (row.quantity_filled, row.number_of_fills, row.total_amount) == (0, 0, 0)
    assert row.last_fill_timestamp is None
    assert next_fill == row.sent_timestamp + timedelta(seconds=1.5)
    assert abs(datetime.now(UTC) - row.sent_timestamp) < timedelta(minutes=1)


def test_an_order_from_the_future_was_not_sent_before_it_was_received(database: str) -> None:
    future = datetime.now(UTC) + timedelta(hours=1)
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 2), received_timestamp=future)
    assert one(database, "select sent_timestamp from execution") == future


def test_an_order_seen_twice_is_stored_once(database: str) -> None:
    with opened(database) as pool:
        executions = PostgresExecutions(pool, first_fill_delay=0)
        first, again = order(1, quantity=Decimal(5)), order(1, quantity=Decimal(6))
        assert executions.insert_orders([(first, "A"), (again, "B")]) == 1
        assert executions.insert_orders([(again, "B"), (order(2), "A")]) == 1
    assert one(database, "select quantity_ordered from execution where id = 1") == 5
    assert one(database, "select count(*) from execution") == 2


def test_orders_seen_before_take_no_numbers(database: str) -> None:
    orders = [(order(number), "A") for number in range(1, 501)]
    with opened(database) as pool:
        executions = PostgresExecutions(pool, first_fill_delay=0)
        assert executions.insert_orders(orders) == 500
        for _ in range(3):
            assert executions.insert_orders(orders) == 0
        executions.insert_orders([*orders, (order(501), "A")])
    assert one(database, "select id from execution where execution_service_id = 501") == 501


def test_engines_that_store_orders_of_a_partition_at_once_take_no_numbers_for_nothing(
    database: str,
) -> None:
    batches = [[(order(n), "A") for n in range(first, first + 40)] for first in range(1, 800, 40)]
    together = Barrier(2)

    def store(pool: Database) -> None:
        executions = PostgresExecutions(pool, first_fill_delay=0)
        for batch in batches:
            together.wait(60)
            executions.insert_orders(batch, partitions={7, 3})

    with opened(database) as one_pool, opened(database) as other, ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(store, pool) for pool in (one_pool, other)]:
            done.result(60)
    assert one(database, "select count(*) from execution") == 800
    assert one(database, "select max(id) from execution") == 800
    assert one(database, "select last_value from execution_id_seq") == 800


def test_a_row_that_is_refused_refuses_its_batch(database: str) -> None:
    with opened(database) as pool:
        executions = PostgresExecutions(pool, first_fill_delay=0)
        with pytest.raises(RejectedError):
            executions.insert_orders([(order(1), "A"), (order(2), "T" * 21)])
    assert one(database, "select count(*) from execution") == 0


def test_the_backlog_counts_what_is_due(database: str) -> None:
    with opened(database) as pool:
        executions = PostgresExecutions(pool, first_fill_delay=0)
        assert executions.backlog(EARLIEST).due == 0
        fill_with_orders(pool, range(1, 4))
        with pool.connection() as connection:
            connection.execute(
                "update execution set next_fill_timestamp = now() - interval '90 s' where id = 2"
            )
        backlog = executions.backlog(EARLIEST)
        recent = executions.backlog(datetime.now(UTC) - timedelta(seconds=60))
    assert (recent.due, recent.oldest_due_age) == (2, pytest.approx(0, abs=10))
    assert (backlog.due, backlog.unpublished) == (3, 0)
    assert abs(backlog.clock - time()) < 60
    assert backlog.oldest_due_age == pytest.approx(90, abs=10)


def test_the_backlog_tells_how_the_ledger_grows(database: str) -> None:
    with opened(database) as pool:
        executions = PostgresExecutions(pool, first_fill_delay=0)
        before = executions.backlog(EARLIEST).ledger_inserts
        with pool.connection() as connection:
            connection.execute(LEDGER_ROW, [1])
        # statistics are the server's own, and a moment late
        wait_until(
            lambda: executions.backlog(EARLIEST).ledger_inserts == before + 1,
            60,
            "the row to be counted",
        )


def test_the_backlog_tells_how_many_numbers_are_left(database: str) -> None:
    with opened(database) as pool:
        executions = PostgresExecutions(pool, first_fill_delay=0)
        assert executions.backlog(EARLIEST).numbers_left == 1
        with pool.connection() as connection:
            connection.execute("select setval('execution_id_seq', 1932735283)")
        assert executions.backlog(EARLIEST).numbers_left == pytest.approx(0.1)
        with pool.connection() as connection:
            connection.execute("select setval('execution_id_seq', 2147483647)")
        assert executions.backlog(EARLIEST).numbers_left == 0


def test_an_orders_trace_stays_the_one_it_was_stored_with(database: str) -> None:
    with opened(database) as pool:
        executions = PostgresExecutions(pool, first_fill_delay=0)
        first, again = ("00-" + digit * 32 + "-00f067aa0ba902b7-01" for digit in "ab")
        assert executions.insert_orders([(order(1, traceparent=first), "A"), (order(2), "A")]) == 2
        repeated = [(order(number, traceparent=again), "A") for number in (1, 2, 3)]
        assert executions.insert_orders(repeated) == 1
        with session(pool) as claims:
            claimed = claims.claim(10).executions
    traces = {each.execution_service_id: each.traceparent for each in claimed}
    assert traces == {1: first, 2: None, 3: again}
