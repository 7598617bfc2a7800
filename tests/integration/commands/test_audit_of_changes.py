"""`fixengine audit` of executions that were cancelled, replaced or over, and of tampered ones."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import cycle, islice
from typing import Any

import psycopg
import pytest

from fixengine.demo.feed.feed import FedOrder, fed_order, sketches
from fixengine.demo.feed.universe import priced_listings
from fixengine.engine.engine import Engine
from fixengine.rules.changes import ChangeRequest
from fixengine.rules.values import ChangeKind
from tests.support.audits import audit
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.rows import change, one

HOLDS, CONTRADICTED = 0, 1
TIMED, NEVER_FILLED, MANY = range(1, 5), range(3, 7), 40
FAR_AWAY = "0.0002"


def orders() -> Iterator[FedOrder]:
    """Yield orders that take many fills; the first ones end soon, and some are never filled."""
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    for sketched in sketches(20, priced_listings(), 1, datetime.now(UTC)):
        number = sketched.expected.execution_service_id
        limit = FAR_AWAY if number in NEVER_FILLED else None
        fields = sketched.changed(
            tradeType='"BUY"', quantity="400000", limitPrice="null" if limit is None else limit
        )
        if number in TIMED:
            fields = (*fields, ("expiresTimestamp", json.dumps(ends.isoformat())))
        yield fed_order(
            "large",
            replace(
                sketched,
                fields=fields,
                expected=replace(
                    sketched.expected,
                    trade_type="BUY",
                    quantity_ordered=Decimal(400_000),
                    limit_price=None if limit is None else Decimal(limit),
                    expires_at=ends if number in TIMED else None,
                ),
            ),
        )


def ids(dsn: str, query: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute(query.encode())]


def let_evaluate(world: Surroundings, times: int) -> None:
    """Wait until all that stays open is evaluated so often, and published."""
    world.wait_for(f"execution where is_open and number_of_fills < {times}", 0)
    world.wait_for("outbox", 0)


def ask(engine: Engine, execution_id: int, kind: ChangeKind, **terms: Any) -> None:
    """Let a customer change an execution that is open."""
    request = ChangeRequest(execution_id=execution_id, kind=kind, **terms)
    assert engine.desk.change(request).refusal is None


@pytest.fixture(scope="module")
def run(shared: Surroundings) -> Surroundings:
    """Return what an engine left of orders most of which were changed while they were filled.

    They are evaluated once, changed, evaluated once more, and cancelled.
    """
    with shared.engine(
        FILL_DELAY_MIN="600",
        FILL_DELAY_MAX="600",
        FILL_SEED="20",
        OPERATOR_TOKEN="a-token-for-operators",
    ) as engine:
        wait_until_ready(engine)
        shared.send(*islice(orders(), MANY))
        shared.wait_for("execution", MANY)
        let_evaluate(shared, 1)
        shared.wait_for("execution where is_open and id in (select execution_id from expiry)", 0)
        change_some(engine, shared.dsn)
        change(shared.dsn, "update execution set next_fill_timestamp = now() where is_open")
        shared.wait_for("execution where is_open and next_fill_timestamp <= now()", 0)
        shared.wait_for("outbox", 0)
        for execution_id in ids(shared.dsn, "select id from execution where is_open"):
            ask(engine, execution_id, ChangeKind.CANCEL)
        shared.wait_for("outbox", 0)
    return shared


def change_some(engine: Engine, dsn: str) -> None:
    filled = ids(dsn, "select id from execution where is_open and quantity_filled > 0")
    for execution_id, what in zip(filled, cycle(("limit", "terms", "end as full")), strict=False):
        match what:
            case "limit":
                ask(engine, execution_id, ChangeKind.REPLACE, limit_price=Decimal(FAR_AWAY))
            case "terms":
                for quantity in (300_000, 350_000):
                    ask(engine, execution_id, ChangeKind.REPLACE, quantity=Decimal(quantity))
            case "end as full":
                so_far = one(
                    dsn, f"select quantity_filled from execution where id = {execution_id}"
                )
                ask(engine, execution_id, ChangeKind.REPLACE, quantity=so_far)


def test_executions_that_were_changed_hold_and_are_counted(
    run: Surroundings, capsys: pytest.CaptureFixture[str]
) -> None:
    code, contradictions, counts = audit(run, capsys)
    assert (code, contradictions) == (HOLDS, [])
    of_kind = "select count(distinct execution_id) from change where kind = "
    for name, kind in (("cancelled", "CANCEL"), ("replaced", "REPLACE"), ("expired", "EXPIRE")):
        assert counts[name] == one(run.dsn, f"{of_kind}'{kind}'") > 0
    for status in ("FULL", "CNCLD", "CPART"):
        assert run.count(f"execution where execution_status = '{status}'") > 0
    assert counts["full"] == run.count("execution where execution_status = 'FULL'")
    assert counts["messages"] == run.count("fill where announced")


_OF = "select execution_id from change join execution as e on e.id = execution_id where"
CANCELLED = f"{_OF} kind = 'CANCEL' and execution_status = 'CPART' and number = number_of_fills"
UNFILLED = f"{_OF} kind = 'CANCEL' and execution_status = 'CNCLD'"
REPLACED_ONCE = f"{_OF} true group by 1 having count(*) filter (where kind = 'REPLACE') = 1"
REPLACED_TWICE = f"{_OF} true group by 1 having count(*) filter (where kind = 'REPLACE') = 2"
EXPIRED = f"{_OF} kind = 'EXPIRE'"
OF_THE_LAST = (
    "where execution_id = {id} and number = (select number_of_fills from execution where id = {id})"
)
ONE_MORE = (
    "insert into fill select execution_id, number + 1, 0, 1, filled_at, quantity_filled, "
    f"total_amount, version + 1, true from fill {OF_THE_LAST}"
)
TAMPERINGS = (
    (CANCELLED, "update execution set is_open = true where id = {id}", "state"),
    (CANCELLED, "update execution set execution_status = 'CNCLD' where id = {id}", "state"),
    (UNFILLED, "update execution set execution_status = 'CPART' where id = {id}", "state"),
    (CANCELLED, "delete from change where execution_id = {id} and kind = 'CANCEL'", "state"),
    (CANCELLED, ONE_MORE, "ledger"),
    (CANCELLED, f"update fill set price = 3 {OF_THE_LAST}", "ledger"),
    (REPLACED_ONCE, "delete from change where execution_id = {id} and kind = 'REPLACE'", "order"),
    (REPLACED_ONCE, "update execution set limit_price = 7 where id = {id}", "ledger"),
    (
        REPLACED_ONCE,
        "update change set limit_before = 7 where execution_id = {id} and kind = 'REPLACE'",
        "order",
    ),
    (
        REPLACED_TWICE,
        "update change set quantity = 1 where execution_id = {id} and kind = 'REPLACE'",
        "ledger",
    ),
    (REPLACED_TWICE, "update change set request_key = 'one' where execution_id = {id}", "ledger"),
    (REPLACED_TWICE, "update change set number = number + 100 where execution_id = {id}", "ledger"),
    (
        "select 999999",
        "insert into change values ({id}, 1, 'CANCEL', 1, null, 1, null, null)",
        "ledger",
    ),
    (EXPIRED, "delete from expiry where execution_id = {id}", "order"),
    (
        EXPIRED,
        "update expiry set expires_at = expires_at + interval '1 hour' where execution_id = {id}",
        "ledger",
    ),
)


def test_changes_that_were_tampered_with_are_found(
    run: Surroundings, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = ("execution", "fill", "change", "expiry")
    chosen: dict[int, tuple[str, str]] = {}
    for where, statement, kind in TAMPERINGS:
        free = (id_ for id_ in ids(run.dsn, where) if id_ not in chosen)
        chosen[next(free)] = (statement, kind)
    change(
        run.dsn,
        *(f"create table kept_{table} as select * from {table}" for table in tables),
        "drop index change_request_ndx",
        *(statement.format(id=id_) for id_, (statement, _) in chosen.items()),
    )
    try:
        code, contradictions, _ = audit(run, capsys)
    finally:
        change(
            run.dsn,
            "set session_replication_role = replica",
            *(
                f"delete from {table}; insert into {table} select * from kept_{table}; "
                f"drop table kept_{table}"
                for table in tables
            ),
            "create unique index change_request_ndx on change (execution_id, request_key) "
            "where request_key is not null",
        )
    assert code == CONTRADICTED
    found = {(id_, each["kind"]) for each in contradictions for id_ in each["executions"]}
    for id_, (statement, kind) in chosen.items():
        assert (id_, kind) in found, f"{statement}\n{contradictions}"
    assert {id_ for id_, _ in found} == chosen.keys()
    assert audit(run, capsys)[0] == HOLDS
