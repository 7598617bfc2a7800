"""When the fill scheduler makes its next claim."""

import pykka
import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.asking import ask
from fixengine.actors.base import Actor
from fixengine.actors.lifecycle import Boot
from fixengine.actors.messages import ClaimDue
from fixengine.actors.scheduler import LONGEST_SLEEP, FillScheduler
from fixengine.demo.errors import DemoError
from fixengine.demo.waiting import wait_until
from fixengine.fills import FillRules
from fixengine.metrics import EngineMetrics
from fixengine.ports import Claim
from tests.unit.executions import SENT


class Repository(Actor):
    """Finds nothing to claim, though for so many claims it says that there may be more."""

    def __init__(self, more: int) -> None:
        super().__init__()
        self._more = more

    def receive(self, message: ClaimDue | str) -> Claim | int:
        if message == "left":
            return self._more
        self._more -= 1
        return Claim(executions=(), now=SENT, next_due_in=None, more=self._more > 0)


def test_it_sleeps_only_when_nothing_can_be_due() -> None:
    repository = Repository.start(more=50)
    repository.ask(Boot(), timeout=5)
    scheduler: pykka.ActorRef[FillScheduler] = FillScheduler.start(
        repository=repository,
        pricing=repository,
        publisher=repository,
        metrics=EngineMetrics(CollectorRegistry()),
        rules=FillRules(),
        seed=None,
        interval=None,
    )

    def left() -> int:
        claims: int = ask(repository, "left", timeout=5)
        return claims

    scheduler.ask(Boot(), timeout=5)
    try:
        wait_until(lambda: left() <= 0, 10 * LONGEST_SLEEP, "50 claims")
        with pytest.raises(DemoError):  # and then it sleeps
            wait_until(lambda: left() < -1, LONGEST_SLEEP / 2, "two more")
    finally:
        scheduler.stop()
        repository.stop()
