"""Sessions through faults: wrong passwords, crashes, a database that is away, the end of a pod."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fixengine.config.passwords import hash_password
from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.stack import surroundings
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.fix import tags
from fixengine.gateway.children import Child
from fixengine.supervision.lifecycle import Crash
from fixengine.supervision.refs import ActorRef, tell
from tests.integration.gateway.conftest import MakeClient
from tests.support.engines import Surroundings
from tests.support.fix.hostile import Hostile
from tests.support.fix.trader import TICKER
from tests.support.gateways import RunningGateway, gateway_process, running_gateway, session
from tests.support.network.proxy import Flow, Proxy
from tests.support.rows import one, through_a_proxy

pytestmark = pytest.mark.any_broker

PASSWORD = "a-long-password"
HASH = hash_password(PASSWORD.encode())
SESSIONS = session("*") + session("GUARDED", password=f'"{HASH}"')


@pytest.fixture(scope="module")
def proxied(shared: Surroundings, postgres: Postgres) -> Iterator[tuple[Proxy, str]]:
    with through_a_proxy(shared.dsn, postgres, shared.workspace) as proxied:
        yield proxied


@pytest.fixture(scope="module")
def database(proxied: tuple[Proxy, str]) -> Proxy:
    """Lend what is between the gateway and its database."""
    return proxied[0]


@pytest.fixture(scope="module")
def gateway(
    shared: Surroundings, proxied: tuple[Proxy, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("gateway")
    with running_gateway(shared, folder, sessions=SESSIONS, POSTGRES_DSN=proxied[1]) as gateway:
        yield gateway


def numbers(world: Surroundings, peer: str) -> str:
    said = "select generation || ' ' || next_in || ' ' || next_out from fix_session"
    return str(one(world.dsn, f"{said} where peer_comp_id = '{peer}'::bytea"))


def test_numbers_go_on_when_a_connection_was_lost(
    gateway: RunningGateway, shared: Surroundings, client: MakeClient
) -> None:
    trader = client(gateway, "OMS1").logon()
    trader.wait_for(trader.order(), exec_type="0")
    trader.cut()
    trader.logon_soon()
    trader.wait_for(trader.order(), exec_type="0")
    assert numbers(shared, "OMS1") == "1 5 5"


def test_orders_are_taken_though_their_client_is_gone_at_once(
    gateway: RunningGateway, shared: Surroundings
) -> None:
    order = f"55={TICKER}|54=1|60=20260302-09:30:00|38=100|40=1|"
    with Hostile(gateway.port, "HASTY") as client:
        client.logged_on()  # one that is gone before is not looked at
        client.speaks(*(f"35=D|34={seq}|11={seq}|{order}" for seq in range(2, 1002)))
        client.is_heard()
    mine = "fix_order where session_id = (select id from fix_session where peer_comp_id = 'HASTY')"
    shared.wait_for(mine, 1000)


def test_a_client_may_begin_at_1_again(
    gateway: RunningGateway, shared: Surroundings, client: MakeClient
) -> None:
    trader = client(gateway, "OMS2").logon()
    trader.wait_for(trader.order(), exec_type="0")
    trader.initiator.logout("bye")
    trader.logon(reset=True)
    trader.wait_for(trader.order(), exec_type="0")
    assert numbers(shared, "OMS2") == "2 3 3"


def reset(world: Surroundings, *whose: str) -> tuple[int, str]:
    """Have an operator reset sessions; return the command's exit code and all that it said."""
    done = subprocess.run(
        (sys.executable, "-m", "fixengine", "fix", "reset", *whose),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**surroundings(), "POSTGRES_DSN": world.dsn},
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def test_an_operators_reset_counts_from_the_next_logon_on_whatever_happens_before(
    gateway: RunningGateway, shared: Surroundings, client: MakeClient
) -> None:
    trader = client(gateway, "RESET").logon()
    before = trader.order()
    trader.wait_for(before, exec_type="0")
    code, said = reset(shared, "RESET")
    assert (code, said) == (
        0,
        "FIX.4.4 RESET with FIXENGINE begins anew when it logs on again: it is logged on now\n",
    )
    trader.wait_for(trader.order(), exec_type="0")
    assert numbers(shared, "RESET") == "1 4 4"
    tell(running(gateway, Child.REPOSITORY), Crash(reason="a test"))
    trader.wait_until_down()
    gateway.wait_until_ready()
    again = client(gateway, "RESET").logon_soon()  # the client, too, begins at 1
    again.cancel(before)
    again.wait_until(lambda: len(again.seen) > 0, "an answer")
    assert numbers(shared, "RESET").startswith("2 3 ")


def test_of_a_client_that_never_logged_on_there_is_nothing_to_reset(shared: Surroundings) -> None:
    code, said = reset(shared, "STRANGER")
    assert code == 1
    assert "STRANGER has never logged on, so there is nothing to reset" in said


def test_a_wrong_password_resets_nothing(
    gateway: RunningGateway, shared: Surroundings, client: MakeClient
) -> None:
    trader = client(gateway, "GUARDED", password=PASSWORD).logon()
    trader.wait_for(trader.order(), exec_type="0")
    trader.initiator.logout("bye")
    before = numbers(shared, "GUARDED")
    with pytest.raises(UnavailableError):
        client(gateway, "GUARDED", password="guessed").logon(reset=True)
    assert numbers(shared, "GUARDED") == before
    trader.logon()


def test_a_replay_of_thousands_comes_whole_and_what_is_new_comes_behind_it(
    gateway: RunningGateway, client: MakeClient
) -> None:
    trader = client(gateway, "OMS3").logon()
    for number in range(1200):
        trader.order(symbol="NO-SUCH", cl_ord_id=f"x{number}")
    trader.wait_until(lambda: len(trader.reports()) == 1200, "all to be refused")
    trader.cut()
    again = client(gateway, "OMS3", numbers=trader.initiator.next_numbers._replace(next_in=1))
    again.logon_soon()
    new = again.order(symbol="NO-SUCH")
    again.wait_for(new, exec_type="8")
    replayed = [each.get(tags.MSG_SEQ_NUM) for each in again.reports()]
    assert replayed == sorted(replayed, key=lambda seq: int(seq or 0))
    assert [each.get(11) for each in again.reports()] == [
        *(each.get(11) for each in trader.reports()),
        new.encode(),
    ]


@pytest.mark.parametrize("flow", [Flow.CUT, Flow.SILENT])
def test_while_the_database_is_away_nothing_is_refused_and_then_all_goes_on(
    gateway: RunningGateway, database: Proxy, client: MakeClient, flow: Flow
) -> None:
    trader = client(gateway, f"OMS-{flow}").logon()
    trader.wait_for(trader.order(), exec_type="0")
    database.set(flow)
    order = trader.order()
    trader.wait_until_down()
    assert trader.reports(order) == []
    database.set(Flow.OPEN)
    gateway.wait_until_ready()
    trader.logon_soon()
    trader.wait_for(order, exec_type="0")
    assert len(trader.reports(order)) == 1


def running(gateway: RunningGateway, child: Child) -> ActorRef:
    ref = gateway.gateway.tree.ref(child)
    assert ref is not None
    return ref


def restarted(gateway: RunningGateway, child: Child, before: ActorRef) -> bool:
    return gateway.gateway.tree.ref(child) not in {None, before}


@pytest.mark.parametrize("child", Child)
def test_sessions_come_back_when_an_actor_crashes(
    gateway: RunningGateway, client: MakeClient, child: Child
) -> None:
    trader = client(gateway, f"OMS-{child}").logon()
    first = trader.order()
    trader.wait_for(first, exec_type="0")
    before = running(gateway, child)
    tell(before, Crash(reason="a test"))
    with suppress(UnavailableError):  # with most of them the sessions end
        trader.wait_until(lambda: restarted(gateway, child, before), "a restart")
    wait_until(lambda: restarted(gateway, child, before), 60, "a restart")
    gateway.wait_until_ready()
    trader.logon_soon()
    trader.wait_for(trader.order(), exec_type="0")
    assert len(trader.reports(first)) == 1


def test_at_its_end_a_gateway_logs_its_clients_out(
    shared: Surroundings, tmp_path: Path, client: MakeClient
) -> None:
    gateway = gateway_process(shared, tmp_path, pod="ends", sessions=session("*"))
    gateway.wait_until_ready()
    trader = client(gateway, "OMS-ENDS").logon()
    gateway.process.ask_to_end()
    trader.wait_until_down()
    assert gateway.process.wait(60) == 0
    assert "gateway has drained" in gateway.process.log.read_text()
    assert not trader.initiator.is_logged_on


def test_a_client_that_does_not_answer_a_logout_holds_up_the_end_for_5_s_at_most(
    shared: Surroundings, tmp_path: Path, client: MakeClient
) -> None:
    gateway = gateway_process(shared, tmp_path, pod="waits", sessions=session("*"))
    gateway.wait_until_ready()
    client(gateway, "OMS-WAITS").logon()
    gateway.process.ask_to_end()
    assert gateway.process.wait(60) == 0
    assert "actor ignored its stop" not in gateway.process.log.read_text()
