"""Requests to cancel and replace against engines that fill at full speed: every answer is true."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from random import Random
from time import monotonic

import psycopg

from fixengine.demo.feed.feed import orders
from fixengine.demo.waiting import wait_until
from fixengine.engine.engine import Engine
from fixengine.errors import UnavailableError
from fixengine.rules.changes import ChangeDecision, ChangeRequest, Refusal
from fixengine.rules.values import ChangeKind
from tests.support.engines import Surroundings, wait_until_ready

TOKEN = "a-token-for-operators"


def ids(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute("select id from execution order by id")]


def decided(engine: Engine, request: ChangeRequest) -> ChangeDecision:
    """Ask until it is decided, as clients do where an execution is not free in time."""
    until = monotonic() + 120
    while True:
        try:
            return engine.desk.change(request)
        except UnavailableError:
            if monotonic() > until:
                raise


def test_a_hundred_cancels_in_the_race_with_two_engines_are_each_answered_truly(
    around: Surroundings,
) -> None:
    fed = tuple(islice(orders(seed=20), 200))
    with (
        around.engine("one", OPERATOR_TOKEN=TOKEN) as one,
        around.engine("two", OPERATOR_TOKEN=TOKEN) as two,
    ):
        for engine in (one, two):
            wait_until_ready(engine)
        around.send(*fed)
        wait_until(lambda: around.count("execution") >= 100, 60, "orders to be stored")
        chosen = Random(20).sample(ids(around.dsn), 100)

        def ask(number: int) -> tuple[int, ChangeDecision]:
            engine: Engine = (one, two)[number % 2]
            request = ChangeRequest(
                execution_id=chosen[number], kind=ChangeKind.CANCEL, key=f"cancel {number}"
            )
            return chosen[number], decided(engine, request)

        with ThreadPoolExecutor(8) as threads:
            answers = dict(threads.map(ask, range(100)))
        wait_until(lambda: not around.count("execution where is_open"), 120, "all to be closed")
        wait_until(lambda: not around.count("outbox"), 60, "all to be published")
    around.assert_the_ledger_holds(fed)
    with psycopg.connect(around.dsn) as connection:
        rows = connection.execute(
            "select id, execution_status, version, quantity_filled from execution"
        ).fetchall()
    known = {row[0]: row[1:] for row in rows}
    cancelled = {id_ for id_, (status, *_) in known.items() if status in {"CNCLD", "CPART"}}
    done = {id_ for id_, answer in answers.items() if answer.refusal is None}
    assert done == cancelled
    assert len(done) > 0
    for id_, answer in answers.items():
        assert answer.execution is not None
        told = answer.execution
        assert (told.execution_status, told.version, told.quantity_filled) == known[id_]
        if answer.refusal is not None:
            assert (answer.refusal, told.execution_status) == (Refusal.CLOSED, "FULL")
    assert around.count("change") == len(done)
    assert not around.count(
        "fill as f join change as c using (execution_id) where f.number > c.number"
    )


def test_the_same_request_again_gets_the_same_answer(around: Surroundings) -> None:
    with around.engine(
        OPERATOR_TOKEN=TOKEN, FILL_DELAY_FIRST="600", PUBLISH_EMPTY_FILLS="true"
    ) as engine:
        wait_until_ready(engine)
        around.send(*islice(orders(seed=21), 20))
        around.wait_for_more("execution", 5)
        id_ = ids(around.dsn)[0]
        more = ChangeRequest(
            execution_id=id_, kind=ChangeKind.REPLACE, key="more", quantity=Decimal(70_000)
        )
        first = engine.desk.change(more)
        assert first.refusal is None
        ended = engine.desk.change(ChangeRequest(execution_id=id_, kind=ChangeKind.CANCEL))
        assert ended.refusal is None
        again = engine.desk.change(more)
        assert again.refusal is None
        assert again.execution is not None
        assert first.execution is not None
        assert again.execution.version == first.execution.version
        assert again.execution.is_open
        other = ChangeRequest(
            execution_id=id_, kind=ChangeKind.REPLACE, key="more", quantity=Decimal(80_000)
        )
        assert engine.desk.change(other).refusal is Refusal.KEY_TAKEN
        assert (
            engine.desk.change(ChangeRequest(execution_id=10**9, kind=ChangeKind.CANCEL)).refusal
            is Refusal.UNKNOWN
        )


def test_an_execution_ends_when_its_time_is_over(around: Surroundings) -> None:
    template = next(orders(seed=22))
    assert template.value is not None
    fields = {**json.loads(template.value), "quantity": 1_000_000, "limitPrice": None}
    sent = {
        1: fields,
        2: {**fields, "expiresTimestamp": "2026-01-01T00:00:00Z"},
        3: {**fields, "expiresTimestamp": "2999-01-01T00:00:00Z"},
    }
    # of these draws no first one fills all, or nothing
    with around.engine(FILL_SEED="1", FILL_DELAY_MIN="600", FILL_DELAY_MAX="600") as engine:
        wait_until_ready(engine)
        for id_, order in sent.items():
            value = json.dumps({**order, "id": id_}).encode()
            around.send(replace(template, key=str(id_).encode(), value=value))
        wait_until(lambda: around.count("execution where quantity_filled > 0") == 2, 60, "fills")
        wait_until(lambda: around.count("execution where not is_open") == 1, 60, "the end of one")
        with psycopg.connect(around.dsn) as connection:
            connection.execute(
                "insert into expiry select id, now() from execution where execution_service_id = 1"
            )
            connection.execute(
                "update execution set next_fill_timestamp = now() where execution_service_id = 1"
            )
        wait_until(lambda: around.count("execution where not is_open") == 2, 60, "the other's end")
        wait_until(lambda: not around.count("outbox"), 60, "all to be published")
    with psycopg.connect(around.dsn) as connection:
        rows = connection.execute(
            "select execution_service_id, execution_status from execution order by 1"
        ).fetchall()
        kinds = connection.execute("select kind, count(*) from change group by kind").fetchall()
    assert rows == [(1, "CPART"), (2, "CNCLD"), (3, "PART")]
    assert kinds == [("EXPIRE", 2)]
