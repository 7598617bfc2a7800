"""Gateways are replaced as their Deployment does it, and their clients are back soon."""

import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from fixengine.demo.stack import Stack
from fixengine.demo.waiting import wait_until
from tests.manifests.built import read
from tests.support.fix.floor import Floor
from tests.support.gateways import GatewayProcess, gateway_process, session

pytestmark = pytest.mark.any_broker

BACK_WITHIN = 10.0
"""Seconds from the end of a client's connection until its next Logon is accepted."""

_MARKET = {
    "FILL_DELAY_FIRST": "0.05",
    "FILL_DELAY_MIN": "0.1",
    "FILL_DELAY_MAX": "0.8",
}


class Deployment:
    """Replaces the gateways of a floor with the times of the manifest.

    The line is the Service: it leads new connections to gateways that are ready and do not end.
    """

    def __init__(self, stack: Stack, folder: Path, floor: Floor, endings: ThreadPoolExecutor):
        self._stack = stack
        self._folder = folder
        self._floor = floor
        self._endings = endings
        pod = read("k8s/gateway/deployment.yaml")["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        self._pre_stop: int = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        self._grace: int = pod["terminationGracePeriodSeconds"] - self._pre_stop

    def roll(self) -> list[int | None]:
        """Replace each gateway; return the exit codes of the old ones.

        One more is started, and when it is ready, an old one goes; its successor starts meanwhile.
        The next one goes when the clients of the last one are back: in a cluster that has the time
        of `minReadySeconds`.
        """
        ended: list[Future[int | None]] = []
        for number, old in enumerate(tuple(self._floor.gateways)):
            new = gateway_process(
                self._stack, self._folder, pod=f"new-{number}", sessions=session("*")
            )
            new.wait_until_ready()
            wait(ended)
            wait_until(self._all_are_there, 60, "the clients to be back")
            self._floor.gateways = [*self._floor.gateways, new]
            self._floor.gateways.remove(old)
            self._floor.line.lead_to(*(each.port for each in self._floor.gateways))
            ended.append(self._endings.submit(self._end, old))
        return [each.result() for each in ended]

    def _end(self, old: GatewayProcess) -> int | None:
        """End it as a node does: preStop is nothing but its time, and then comes SIGTERM."""
        time.sleep(self._pre_stop)
        return old.process.stop(deadline_seconds=self._grace)

    def _all_are_there(self) -> bool:
        return not any(dealer.is_away for dealer in self._floor.dealers)


def test_clients_are_back_soon_and_were_told_everything_once_when_gateways_are_replaced(
    stack: Stack, tmp_path: Path
) -> None:
    engine = stack.engine(**_MARKET)
    engine.start(ready_within=None)
    with (
        ThreadPoolExecutor() as endings,
        Floor(stack, tmp_path, dsn=stack.postgres.dsn) as floor,
    ):
        engine.wait_until_ready()
        floor.wait_until_busy()
        deployment = Deployment(stack, tmp_path, floor, endings)
        assert deployment.roll() == [0, 0]
        floor.wait_until_busy()
        absences = [dealer.absences for dealer in floor.dealers]
        assert all(absences), "both gateways went, and so each client has been away"
        longest = max(max(each) for each in absences)
        sys.stdout.write(f"the longest absence of {len(absences)} clients: {longest:.2f} s\n")
        assert longest <= BACK_WITHIN
        assert floor.problems() == []
