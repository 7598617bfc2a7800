"""A gateway, an engine, and a client that trades: all of them real."""

from collections.abc import Iterator

import pytest

from fixengine.demo.audit.report import Expectations
from fixengine.demo.waiting import wait_until
from fixengine.fix.message import Message
from tests.integration.gateway.conftest import MakeClient
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.fix.hostile import Hostile
from tests.support.fix.trader import TICKER
from tests.support.gateways import RunningGateway, running_gateway, session
from tests.support.rows import change

pytestmark = pytest.mark.any_broker

UNPRICED = "NOPRC"
BUY = f"55={TICKER}|54=1|60=20260302-09:30:00|"
BUY_1000 = f"{BUY}38=1000|40=1|"


@pytest.fixture(scope="module")
def gateway(
    shared: Surroundings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGateway]:
    """Lend a gateway with an engine beside it."""
    folder = tmp_path_factory.mktemp("gateway")
    with (
        shared.engine() as engine,
        running_gateway(shared, folder, sessions=session("*", heartbeat="[0, 60]")) as gateway,
    ):
        wait_until_ready(engine)
        yield gateway


def ids(reports: list[Message]) -> list[bytes]:
    return [each.get(17) or b"" for each in reports]


def filled(reports: list[Message]) -> int:
    return sum(int(each.get(32) or 0) for each in reports)


def fields(message: str) -> dict[str, str]:
    """Read a message as people write it."""
    return dict(each.split("=", 1) for each in message.removesuffix("|").split("|"))


def test_an_order_is_acknowledged_filled_and_every_fill_reported_once(
    gateway: RunningGateway, shared: Surroundings, client: MakeClient
) -> None:
    trader = client(gateway, "OMS1").logon()
    order = trader.order(quantity=1000)
    assert trader.wait_for(order, exec_type="0").get(151) == b"1000"
    trader.wait_for(order, status="2", leaves="0")
    reports = trader.reports(order)
    assert len(set(ids(reports))) == len(reports)
    assert filled(reports) == 1000
    trader.initiator.logout("done")
    assert shared.count("execution where execution_status = 'FULL' and quantity_ordered = 1000")


def test_reports_that_came_while_a_client_was_away_are_told_when_it_is_back(
    gateway: RunningGateway, shared: Surroundings, client: MakeClient
) -> None:
    trader = client(gateway, "OMS2").logon()
    order = trader.order(quantity=500)
    trader.wait_for(order, exec_type="0")
    trader.cut()
    shared.wait_for("execution where execution_status = 'FULL' and quantity_ordered = 500", 1)
    trader.logon_soon()
    trader.wait_for(order, status="2")
    reports = trader.reports(order)
    assert len(set(ids(reports))) == len(reports)
    assert filled(reports) == 500


def test_a_client_that_has_still_to_begin_anew_misses_no_report(
    gateway: RunningGateway, shared: Surroundings, client: MakeClient
) -> None:
    trader = client(gateway, "LATE").logon()
    order = trader.order(quantity=700)
    trader.wait_for(order, exec_type="0")
    trader.cut()
    shared.wait_for("execution where execution_status = 'FULL' and quantity_ordered = 700", 1)
    change(shared.dsn, "update fix_session set reset_wanted = true where peer_comp_id = 'LATE'")
    for _ in range(3):
        wait_until(trader.is_refused, 60, "the client to refuse a number that is too low")
    trader.logon_soon(reset=True).wait_for(order, status="2")
    assert filled(trader.reports(order)) == 700


def test_a_client_can_cancel(gateway: RunningGateway, client: MakeClient) -> None:
    trader = client(gateway, "OMS3").logon()
    order = trader.order(quantity=300, symbol=UNPRICED)
    trader.wait_for(order, exec_type="0")
    cancel = trader.cancel(order, symbol=UNPRICED)
    trader.wait_for(cancel, exec_type="6")
    report = trader.wait_for(cancel, exec_type="4", status="4", leaves="0")
    assert report.get(41) == order.encode()


def test_a_client_can_replace(gateway: RunningGateway, client: MakeClient) -> None:
    trader = client(gateway, "OMS4").logon()
    order = trader.order(quantity=300, symbol=UNPRICED)
    trader.wait_for(order, exec_type="0")
    replaced = trader.replace(order, quantity=400, symbol=UNPRICED)
    trader.wait_for(replaced, exec_type="E")
    assert trader.wait_for(replaced, exec_type="5").get(38) == b"400"


def test_a_cancel_that_comes_too_late_is_refused(
    gateway: RunningGateway, client: MakeClient
) -> None:
    trader = client(gateway, "OMS5").logon()
    order = trader.order(quantity=10)
    trader.wait_for(order, status="2")
    trader.cancel(order)
    trader.wait_until(lambda: [each for each in trader.seen if each.kind == b"9"], "a refusal")


def test_an_unknown_symbol_is_refused(gateway: RunningGateway, client: MakeClient) -> None:
    trader = client(gateway, "OMS6").logon()
    order = trader.order(symbol="NO-SUCH")
    trader.wait_for(order, exec_type="8", status="8", reason="1")


def test_all_that_was_sent_is_sent_again_to_a_client_that_lost_it(
    gateway: RunningGateway, client: MakeClient
) -> None:
    trader = client(gateway, "OMS7").logon()
    orders = [trader.order(quantity=1) for _ in range(20)]
    for order in orders:
        trader.wait_for(order, status="2")
    trader.initiator.logout("done")
    numbers = trader.initiator.next_numbers._replace(next_in=1)
    forgetful = client(gateway, "OMS7", numbers=numbers)
    forgetful.logon_soon()
    forgetful.wait_until(lambda: len(forgetful.reports()) >= len(trader.reports()), "all reports")
    assert ids(forgetful.reports()) == ids(trader.reports())
    assert all(each.is_set(43) for each in forgetful.reports())


def test_fills_stay_behind_replays_and_a_replay_says_the_same_again(
    gateway: RunningGateway,
) -> None:
    with Hostile(gateway.port, "OMS8") as client:
        client.logged_on("34=1|98=0|108=0|")  # no Heartbeat comes in between
        orders = range(2, 12)
        client.speaks(*(f"35=D|34={seq}|11={seq}|{BUY_1000}" for seq in orders))
        seq, next_, said = 12, 2, dict[int, dict[str, str]]()
        while [each.get("39") for each in said.values()].count("2") < len(orders):
            if seq < 30 and len(said) >= seq - 12:
                client.speaks(f"35=2|34={seq}|7=1|16=0|")
                seq += 1
            (message,) = map(fields, client.answers(1))
            number = int(message.pop("34"))
            is_again = message.pop("43", "N") == "Y"
            assert number == (1 if is_again and number == 1 else next_), message
            next_ = int(message["36"]) if message["35"] == "4" else number + 1
            message.pop("122", None)
            if message["35"] == "8":
                assert said.setdefault(number, message) == message
                assert is_again or number == max(said)
        assert seq > 15
        assert len({each["17"] for each in said.values()}) == len(said)
        assert sum(int(each.get("32", 0)) for each in said.values()) == 1000 * len(orders)


def test_of_a_cancel_and_a_fill_that_cross_one_is_first(gateway: RunningGateway) -> None:
    with Hostile(gateway.port, "OMS9") as client:
        client.logged_on("34=1|98=0|108=0|")
        orders = [str(number) for number in range(30)]
        client.speaks(*(f"35=D|34={n + 2}|11={n}|{BUY_1000}" for n in range(30)))
        asked, ends, refused = False, dict[str, str](), set[str]()
        filled = dict.fromkeys(orders, 0)
        while len(ends) < len(orders) or {o for o in orders if ends[o] == "2"} != refused:
            (message,) = map(fields, client.answers(1))
            if message.get("39") == "2" and not asked:
                asked = True
                client.speaks(*(f"35=F|34={n + 32}|11=x{n}|41={n}|{BUY}" for n in range(30)))
            order = message["11"].removeprefix("x")
            if message["35"] == "9":
                assert order not in refused
                refused.add(order)
            else:
                assert order not in ends, "nothing is filled after the end"
                filled[order] += int(message.get("32", 0))
                assert int(message["14"]) == filled[order]
            if message["39"] in {"2", "4"}:
                ends[order] = message["39"]
        assert {filled[order] for order in refused} == {1000}
        assert all(filled[order] < 1000 for order in orders if ends[order] == "4")


@pytest.mark.parametrize(
    ("peer", "time_in_force", "parts"), [("OMS10", "3", True), ("OMS11", "4", False)]
)
def test_what_may_not_wait_is_filled_once_and_the_rest_ends(
    gateway: RunningGateway,
    client: MakeClient,
    peer: str,
    time_in_force: str,
    parts: bool,
) -> None:
    trader = client(gateway, peer).logon()
    orders = [trader.order(quantity=1000, more=[(59, time_in_force)]) for _ in range(30)]
    for order in orders:
        end = trader.wait_for(order, leaves="0")
        fills = [each for each in trader.reports(order) if each.get(150) == b"F"]
        assert len(fills) <= 1
        assert filled(fills) == int(end.get(14) or 0)
        assert (filled(fills) == 1000) == (end.get(39) == b"2")
        assert parts or filled(fills) in {0, 1000}


def test_the_ledger_holds_and_each_client_is_told_all_of_it(
    gateway: RunningGateway, shared: Surroundings, client: MakeClient
) -> None:
    trader = client(gateway, "OMS12").logon()
    trader.wait_for(trader.order(quantity=5000), status="2")
    shared.assert_the_ledger_holds((), Expectations(complete=False))
