"""A session goes on at another gateway: when its own is killed, frozen, or holds a dead line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixengine.actors.gateway.limits import SessionLimits
from fixengine.errors import UnavailableError
from tests.integration.gateway.conftest import MakeClient
from tests.support.engines import Surroundings
from tests.support.gateways import (
    GatewayProcess,
    RunningGateway,
    gateway_process,
    running_gateway,
    session,
)
from tests.support.network.proxy import Flow, Proxy

pytestmark = pytest.mark.any_broker


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gateways")


@pytest.fixture(scope="module")
def here(shared: Surroundings, folder: Path) -> Iterator[RunningGateway]:
    """Lend the gateway that takes sessions over."""
    limits = SessionLimits(taken_within=3)
    with running_gateway(
        shared, folder, sessions=session("*"), pod="here", limits=limits
    ) as gateway:
        yield gateway


@pytest.fixture
def there(shared: Surroundings, folder: Path) -> Iterator[GatewayProcess]:
    """Lend a gateway that has them at first, and is a process of its own."""
    gateway = gateway_process(shared, folder, pod="there", sessions=session("*"))
    try:
        gateway.wait_until_ready()
        yield gateway
    finally:
        gateway.process.kill()


def test_a_session_goes_on_at_another_gateway_when_its_own_is_killed(
    here: RunningGateway, there: GatewayProcess, client: MakeClient
) -> None:
    trader = client(there, "OMS1").logon()
    order = trader.order(symbol="NOPRC")
    trader.wait_for(order, exec_type="0")
    before = trader.initiator.next_numbers
    there.process.kill()
    moved = client(here, "OMS1", numbers=before)
    moved.logon_soon()
    assert moved.initiator.next_numbers.next_in == before.next_in + 1
    cancel = moved.cancel(order, symbol="NOPRC")
    moved.wait_for(cancel, exec_type="4")


def test_what_was_not_acknowledged_before_the_kill_is_asked_for_again(
    here: RunningGateway, there: GatewayProcess, client: MakeClient
) -> None:
    trader = client(there, "OMS2").logon()
    there.process.pause()
    order = trader.order(symbol="NOPRC")
    there.process.kill()
    trader.move_to(here.port)
    trader.logon_soon()
    trader.wait_for(order, exec_type="0")
    assert len(trader.reports(order)) == 1


def test_a_gateway_lets_a_session_go_whose_line_is_dead(
    here: RunningGateway, there: GatewayProcess, shared: Surroundings, client: MakeClient
) -> None:
    proxy = Proxy(port=shared.workspace.reserve_port(), target=there.port)
    proxy.start()
    try:
        trader = client(proxy, "OMS3", heartbeat=1).logon()
        proxy.set(Flow.SILENT)
        moved = client(here, "OMS3", numbers=trader.initiator.next_numbers)
        moved.logon_soon()
        assert moved.initiator.is_logged_on
        assert there.process.running
    finally:
        proxy.stop()


def test_a_gateway_keeps_a_session_whose_client_shows_life(
    here: RunningGateway, there: GatewayProcess, client: MakeClient
) -> None:
    trader = client(there, "OMS4", heartbeat=30).logon()
    stranger = client(here, "OMS4", numbers=trader.initiator.next_numbers)
    with pytest.raises(UnavailableError):
        stranger.logon()
    order = trader.order(symbol="NOPRC")
    trader.wait_for(order, exec_type="0")


def test_a_frozen_gateway_loses_its_sessions_and_says_nothing_more_of_them(
    here: RunningGateway, there: GatewayProcess, client: MakeClient
) -> None:
    trader = client(there, "OMS5").logon()
    there.process.pause()
    moved = client(here, "OMS5", numbers=trader.initiator.next_numbers)
    moved.logon_soon()
    order = moved.order(symbol="NOPRC")
    moved.wait_for(order, exec_type="0")
    there.process.resume()
    trader.order(symbol="NOPRC")
    trader.wait_until_down()
    assert trader.reports() == []
    moved.wait_for(moved.order(symbol="NOPRC"), exec_type="0")
