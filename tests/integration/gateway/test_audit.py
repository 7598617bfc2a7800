"""The audit of what a gateway and an engine left of a real client, and of it with rows changed."""

from dataclasses import replace

import pytest

from fixengine.demo.audit.remains import read_remains
from fixengine.demo.audit.report import Expectations, judge
from fixengine.demo.waiting import wait_until
from tests.support.audits import audit
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.fix.trader import Trader
from tests.support.gateways import running_gateway, session
from tests.support.rows import change, one

pytestmark = pytest.mark.any_broker

HOLDS, CONTRADICTED = 0, 1
UNPRICED = "NOPRC"
ONLY_BY_FIX = Expectations(complete=False)
FILLED = 11

OF_A_FILL = "execution_id = {id} and number = {number}"
WAITS = "insert into fix_pending (session_id, execution_id, number)"
OF_ITS_SESSION = "from fix_order where execution_id = {id}"


def body(tag: int, becomes: str) -> str:
    """Return what changes a field of the first report of a fill."""
    was, now = rf"'\u0001{tag}=[^\u0001]*'", rf"E'\x01{tag}={becomes}'"
    text = f"regexp_replace(convert_from(body, 'UTF8'), {was}, {now})"
    return f"update fix_sent set body = convert_to({text}, 'UTF8') where {OF_A_FILL}"


SPOILT = (
    "delete from fix_sent where execution_id = {id} and number = 0",
    f"delete from fix_sent where {OF_A_FILL}",
    f"update fix_sent set number = 99 where {OF_A_FILL}",
    f"{WAITS} select session_id, {{id}}, {{number}} {OF_ITS_SESSION}",
    f"{WAITS} select session_id, {{id}}, 99 {OF_ITS_SESSION}",
    f"update fix_sent set session_id = 77, seq = {{id}} where {OF_A_FILL}",
    "update fix_order set session_id = 99 where execution_id = {id}",
    "delete from fix_order where execution_id = {id}",
    body(17, "77-1"),
    body(14, "9999"),
    body(31, "0.5"),
)
"""Of one execution each."""

OF_SESSIONS = (
    ("update fix_session set next_out = 3 where next_out > 3", "has sent message"),
    (
        "update fix_request set state = 'PENDING', asked_at = now() - interval '1 h'",
        "has been undecided for",
    ),
)


@pytest.fixture(scope="module")
def run(shared: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Surroundings:
    """Return what is left of a client's orders: filled, replaced and cancelled, over at once."""
    folder = tmp_path_factory.mktemp("gateway")
    with (
        shared.engine() as engine,
        running_gateway(shared, folder, sessions=session("*")) as gateway,
    ):
        wait_until_ready(engine)
        trader = Trader(gateway.port, "OMS1").logon()
        filled = [trader.order(quantity=100) for _ in range(FILLED)]
        order = trader.order(quantity=300, symbol=UNPRICED)
        trader.wait_for(order, exec_type="0")
        replaced = trader.replace(order, quantity=400, symbol=UNPRICED)
        trader.wait_for(replaced, exec_type="5")
        cancelled = trader.cancel(replaced, symbol=UNPRICED)
        trader.wait_for(cancelled, exec_type="4")
        at_once = trader.order(quantity=5000, more=((59, 3),))
        for each in (*filled, at_once):
            trader.wait_for(each, leaves="0")
        trader.initiator.logout("done")
        wait_until(lambda: shared.count("fix_pending") == 0, 60, "all to be told")
    return shared


def test_the_audit_of_the_demo_compares_what_a_client_was_told_with_the_ledger_as_well(
    run: Surroundings,
) -> None:
    remains = read_remains(dsn=run.dsn, bootstrap=run.broker.bootstrap, topics=run.topics)
    assert judge((), remains, ONLY_BY_FIX).problems == ()
    id_, told = min(remains.told.items())
    words = tuple(each.replace(b"\x0114=", b"\x0114=9") for each in told.bodies)
    spoilt = replace(remains, told={**remains.told, id_: replace(told, bodies=words)})
    problems = judge((), spoilt, ONLY_BY_FIX).problems
    assert len(problems) == len(told.sent)
    assert all("has CumQty 9" in each for each in problems)


def test_what_a_client_was_told_is_what_the_ledger_has_and_all_that_is_changed_is_found(
    run: Surroundings, capsys: pytest.CaptureFixture[str]
) -> None:
    code, contradictions, counts = audit(run, capsys)
    assert [each["said"] for each in contradictions] == []
    assert (code, counts["by_fix"], counts["replaced"]) == (HOLDS, FILLED + 2, 1)

    full = (
        "select array_agg(id order by id) from execution "
        "where execution_status = 'FULL' and quantity_ordered = 100"
    )
    spoilt = dict(zip(one(run.dsn, full), SPOILT, strict=True))
    for id_, how in spoilt.items():
        number = one(
            run.dsn, f"select min(number) from fill where execution_id = {id_} and quantity > 0"
        )
        change(run.dsn, how.replace("{id}", str(id_)).replace("{number}", str(number)))
    for how, _ in OF_SESSIONS:
        change(run.dsn, how)
    code, contradictions, _ = audit(run, capsys)
    assert code == CONTRADICTED
    assert {each["kind"] for each in contradictions} == {"told", "nobody-sent"}
    found = {id_ for each in contradictions for id_ in each["executions"]}
    assert {how for id_, how in spoilt.items() if id_ not in found} == set()
    assert found == spoilt.keys()
    for _, said in OF_SESSIONS:
        assert [each for each in contradictions if said in each["said"]], said
