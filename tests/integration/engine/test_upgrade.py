"""The engine takes the place of the Go service: its database, its group, its open executions."""

import json
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from typing import Any

import psycopg
import pytest
import urllib3
from psycopg.rows import dict_row

from fixengine.demo.audit.report import Expectations
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from tests.support.engines import Surroundings, busy_for, total, wait_until_ready
from tests.support.go_service import ROWS, SCHEMA, GoPod
from tests.support.rows import change, one

ONCE = Expectations(repeats_allowed=False)
PLACES = Decimal("0.00000001")


@pytest.fixture
def dsn(empty_database: str) -> str:
    """Have engines find a database as the Go service makes it, without rows."""
    change(empty_database, SCHEMA)
    return empty_database


def rows(dsn: str, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        return connection.execute(query.encode()).fetchall()


def test_open_executions_are_finished_and_closed_ones_left_alone(around: Surroundings) -> None:
    with psycopg.connect(around.dsn) as connection:
        connection.execute(ROWS.encode())
    table = "select *, rtrim(security_id) as security from execution order by id"
    before = rows(around.dsn, table)
    port = around.workspace.reserve_port()
    with around.engine(HTTP_PORT=str(port)):
        around.wait_for("execution where not is_open", len(before))
        around.wait_for("outbox", 0)
        url = f"http://127.0.0.1:{port}/api/v1/executions"
        shown = {e["id"]: e for e in urllib3.request("GET", url, retries=False).json()}
    messages: dict[int, list[dict[str, Any]]] = {}
    for record in read_topic(around.broker.bootstrap, around.topics.fills):
        message = json.loads(record.value or b"")
        messages.setdefault(message["id"], []).append(message)
    for old, new in zip(before, rows(around.dsn, table), strict=True):
        told = messages.get(new["id"], [])
        assert shown[new["id"]]["securityId"] == new["security"]
        assert Decimal(str(shown[new["id"]]["quantityFilled"])) == new["quantity_filled"]
        if old["is_open"]:
            assert_finished(around.dsn, old, new)
            assert told[-1] == shown[new["id"]]
            assert all(m["sentTimestamp"] >= m["receivedTimestamp"] for m in told)
        else:
            assert old.items() <= new.items()  # a migration may have added columns
            assert not told
    assert one(around.dsn, "select version from schema_migrations") == 1


def test_a_table_that_takes_long_to_migrate_is_no_hang(around: Surroundings) -> None:
    with psycopg.connect(around.dsn) as another:
        another.execute("lock table execution in row exclusive mode")
        with around.engine() as engine:
            wait_until(lambda: busy_for(engine, "repository") > 1, 60, "a long migration")
            assert "repository" not in engine.tree.hung(1)
            another.commit()
            wait_until_ready(engine)


def assert_finished(dsn: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    """The row follows from what it was and the fills that the ledger has of it."""
    ledger = rows(dsn, f"select * from fill where execution_id = {new['id']} order by number")
    amounts = [(f["quantity"] * f["price"]).quantize(PLACES, ROUND_HALF_UP) for f in ledger]
    first, last = old["number_of_fills"] + 1, new["number_of_fills"]
    assert [fill["number"] for fill in ledger] == list(range(first, last + 1))
    assert new["execution_status"] == "FULL"
    assert new["quantity_filled"] == new["quantity_ordered"]
    assert (
        sum(fill["quantity"] for fill in ledger) == old["quantity_ordered"] - old["quantity_filled"]
    )
    assert new["total_amount"] == old["total_amount"] + sum(amounts)
    assert new["version"] == old["version"] + len(ledger)


def test_its_pods_may_leave_while_the_engine_is_there(around: Surroundings) -> None:
    """They store on but fill nothing; the engine reads what they had not committed once more."""
    fed = tuple(islice(orders(seed=9), 150))
    by_id = {order.expected.execution_service_id: order for order in fed if order.expected}

    def pod(*, commits: bool) -> GoPod:
        return GoPod(
            dsn=around.dsn,
            broker=around.broker,
            topics=around.topics,
            orders=by_id,
            commits=commits,
        )

    around.send(*fed[:40])
    with pod(commits=True) as gone:
        wait_until(lambda: len(gone.stored) == 40, 60, "a pod to store orders")
    with pod(commits=False) as last:
        around.send(*fed[40:80])
        wait_until(lambda: len(last.stored) == 40, 60, "the next pod to go on after them")
        with around.engine() as engine:
            sample = engine.registry.get_sample_value
            wait_until_ready(engine)
            last.fills = True
            wait_until(
                lambda: last.assigned == sample("fixengine_assigned_partitions") == 10,
                60,
                "both to have their share",
            )
            around.send(*fed[80:120])
            around.wait_for("execution", 120)
            stored_beside = len(last.stored) - 40
            last.stop()
            wait_until(lambda: sample("fixengine_assigned_partitions") == 20, 60, "all partitions")
            around.send(*fed[120:])
            around.wait_for("execution", 150)
            around.wait_until_done(fed)
    assert 0 < stored_beside < 40
    assert last.refused > 0
    # few of them more than once: what is in hand when partitions come and go
    polled = total(engine, "kafka_consumer_records_polled_total")
    assert polled < len(fed), "the group's place was not taken over"
    by_go = gone.stored | last.stored
    around.assert_the_ledger_holds(tuple(as_stored(order, by_go) for order in fed), ONCE)


def as_stored(order: FedOrder, by_go: set[int]) -> FedOrder:
    """The Go service keeps nothing of what the trade service calls an execution."""
    expected = order.expected
    assert expected is not None
    if expected.execution_service_id not in by_go:
        return order
    return replace(order, expected=replace(expected, trade_service_execution_id=None))
