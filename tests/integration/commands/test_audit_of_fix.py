"""`fixengine audit` and `reconcile` of what FIX clients ordered, announced or not."""

from itertools import islice

import pytest

from fixengine.demo.feed.feed import orders
from fixengine.rules.values import TimeInForce
from tests.support.audits import audit
from tests.support.commands import run_command
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.fix.by_hand import order_by_fix
from tests.support.rows import change, one

HOLDS, CONTRADICTED = 0, 1
BY_TOPIC, SILENT, ANNOUNCED = 5, 20, 10


@pytest.fixture(scope="module")
def run(shared: Surroundings) -> Surroundings:
    """Return what engines left, of which the second announced what came by FIX."""
    with shared.engine() as engine:
        wait_until_ready(engine)
        shared.send(*islice(orders(seed=31), BY_TOPIC))
        order_by_fix(shared.dsn, SILENT, TimeInForce.IOC)
        shared.wait_for("execution where not is_open", BY_TOPIC + SILENT)
        shared.wait_for("outbox", 0)
    with shared.engine(FIX_ANNOUNCE="true"):
        order_by_fix(shared.dsn, ANNOUNCED, TimeInForce.FOK)
        shared.wait_for("execution where not is_open", BY_TOPIC + SILENT + ANNOUNCED)
        shared.wait_for("outbox", 0)
    return shared


def test_what_fix_clients_ordered_holds_and_is_counted(
    run: Surroundings, capsys: pytest.CaptureFixture[str]
) -> None:
    code, contradictions, counts = audit(run, capsys)
    assert [each["said"] for each in contradictions] == []
    assert code == HOLDS
    assert (counts["orders"], counts["by_fix"]) == (BY_TOPIC, SILENT + ANNOUNCED)
    by_fix = "fill join execution as e on e.id = execution_id and execution_service_id < 0"
    assert run.count(f"{by_fix} where announced") > 0
    assert run.count(f"{by_fix} where not announced and fill.quantity > 0") > 0


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        ("delete from fix_sent where execution_id = {id}", "told"),
        ("update fix_pending set number = 99 where execution_id = {id}", "told"),
        ("delete from fix_order where execution_id = {id}", "nobody-sent"),
        ("update execution set total_amount = total_amount + 1 where id = {id}", "ledger"),
        ("update expiry set time_in_force = 'FOK' where execution_id = {id}", "ledger"),
    ],
)
def test_what_was_tampered_with_is_found(
    run: Surroundings, capsys: pytest.CaptureFixture[str], spoil: str, kind: str
) -> None:
    part = one(run.dsn, "select min(id) from execution where execution_status = 'CPART'")
    table = next(word for word in spoil.split() if word not in {"delete", "from", "update"})
    column = "id" if table == "execution" else "execution_id"
    change(run.dsn, f"create table kept as select * from {table} where {column} = {part}")
    change(run.dsn, spoil.format(id=part))
    try:
        code, contradictions, _ = audit(run, capsys)
    finally:
        change(
            run.dsn,
            f"delete from {table} where {column} = {part}",
            f"insert into {table} overriding system value select * from kept",
            "drop table kept",
        )
    assert code == CONTRADICTED
    assert {each["kind"] for each in contradictions} == {kind}
    assert {tuple(each["executions"]) for each in contradictions} == {(part,)}


def test_a_database_that_has_all_of_it_is_not_changed_by_what_topics_tell(
    run: Surroundings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command("reconcile", "--apply", variables=run.environment()) == 0
    said = capsys.readouterr().out.splitlines()
    assert "0 executions restored" in said
    assert "0 fills restored to the ledger" in said
    assert audit(run, capsys)[0] == HOLDS
