"""Gateways die before or after each commit and each send; clients are told everything, once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest

from fixengine.demo.errors import DemoError
from fixengine.demo.stack import Stack
from tests.failpoints.gateway import LEFT, POINTS, STEPS, UNTOLD
from tests.failpoints.points import DIED
from tests.support.fix.floor import Floor
from tests.support.gateways import GatewayProcess

pytestmark = pytest.mark.any_broker

_DEADLINE = 100.0
_VISIT_SECONDS = 3.0
_MARKET = {"FILL_DELAY_FIRST": "0.05", "FILL_DELAY_MIN": "0.1", "FILL_DELAY_MAX": "0.8"}


@pytest.fixture
def points(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Those after which a client has not been told what is stored; CI takes all."""
    return POINTS if request.config.getoption("--all-points") else UNTOLD


@pytest.mark.timeout(900)
def test_a_gateway_may_die_at_any_point(
    stack: Stack, tmp_path: Path, points: tuple[str, ...]
) -> None:
    engine = stack.engine(**_MARKET)
    engine.start(ready_within=None)
    with Floor(stack, tmp_path, dsn=stack.postgres.dsn) as floor:
        engine.wait_until_ready()
        with ThreadPoolExecutor(len(floor.gateways)) as places:
            deaths = [
                places.submit(die, floor, place, points[place :: len(floor.gateways)])
                for place in range(len(floor.gateways))
            ]
            for death in deaths:
                death.result()
        for place in range(len(floor.gateways)):
            floor.succeed(place, pod=f"survivor-{place}", program="fixengine")
        assert floor.problems() == []


def die(floor: Floor, place: int, points: tuple[str, ...]) -> None:
    """Let gateways at a place die at these points, one after the other.

    None follows the last one: so all clients come to those that are to die at the other place.
    """
    floor.gateways[place].process.kill()
    for point in points:
        gateway = floor.succeed(place, pod=point, program="tests.failpoints", FAILPOINT=point)
        step = point.partition("-")[2]
        if STEPS[step].at_stop:
            gateway.wait_until_ready()
            gateway.process.ask_to_end()
        if step in LEFT:
            let_clients_come_and_go(floor, gateway)
        assert gateway.process.wait(_DEADLINE) == DIED, point


def let_clients_come_and_go(floor: Floor, gateway: GatewayProcess) -> None:
    """Have all clients connect anew until the gateway has died, or has had time enough for it."""
    until = monotonic() + _DEADLINE
    while gateway.process.running and monotonic() < until:
        for dealer in floor.dealers:
            dealer.hang_up()
        with suppress(DemoError):  # it lives
            gateway.process.wait(_VISIT_SECONDS)
