"""When the fill scheduler makes its next claim."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from threading import Event

import pykka
import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.asking import ask
from fixengine.actors.base import Actor
from fixengine.actors.lifecycle import Boot
from fixengine.actors.messages import (
    ActorRef,
    ClaimDue,
    GetPrices,
    Prices,
    StoreFills,
)
from fixengine.actors.pricing import BULK_FROM
from fixengine.actors.scheduler import LONGEST_SLEEP, FillScheduler
from fixengine.demo.errors import DemoError
from fixengine.demo.waiting import wait_until
from fixengine.fills import FillRules
from fixengine.metrics import EngineMetrics
from fixengine.ports import Claim
from tests.unit.executions import SENT, execution


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


class FullRepository(Actor):
    """Finds more than a claim can have, and stores it once the next prices have been asked for."""

    def __init__(self, asked_again: Event, stored: list[bool]) -> None:
        super().__init__()
        self._asked_again = asked_again
        self._stored = stored

    def receive(self, message: ClaimDue | StoreFills) -> object:
        if isinstance(message, ClaimDue):
            found = tuple(execution(id=n, ticker=f"T{n}") for n in range(BULK_FROM))
            return Claim(executions=found, now=SENT, next_due_in=0, more=True)
        if isinstance(message, StoreFills):
            self._stored.append(self._asked_again.wait(3))
        return frozenset()


class Pricing(Actor):
    """Knows a price of all."""

    def __init__(self, asked_again: Event) -> None:
        super().__init__()
        self._asked_again = asked_again
        self._asked = 0

    def receive(self, message: GetPrices) -> Prices:
        self._asked += 1
        if self._asked > 1:
            self._asked_again.set()
        return Prices(known=dict.fromkeys(message.tickers, Decimal(40)), unknown=frozenset())


@contextmanager
def scheduler(*, repository: ActorRef, pricing: ActorRef) -> Iterator[None]:
    """Run a scheduler between actors, and stop them all."""
    for each in (repository, pricing):
        each.ask(Boot(), timeout=5)
    running: pykka.ActorRef[FillScheduler] = FillScheduler.start(
        repository=repository,
        pricing=pricing,
        publisher=pricing,
        metrics=EngineMetrics(CollectorRegistry()),
        rules=FillRules(),
        seed=None,
        interval=None,
    )
    running.ask(Boot(), timeout=5)
    try:
        yield
    finally:
        for each in (running, pricing, repository):
            each.stop()


def test_it_sleeps_only_when_nothing_can_be_due() -> None:
    repository = Repository.start(more=50)

    def left() -> int:
        claims: int = ask(repository, "left", timeout=5)
        return claims

    with scheduler(repository=repository, pricing=Pricing.start(Event())):
        wait_until(lambda: left() <= 0, 10 * LONGEST_SLEEP, "50 claims")
        with pytest.raises(DemoError):  # and then it sleeps
            wait_until(lambda: left() < -1, LONGEST_SLEEP / 2, "two more")


def test_prices_of_the_next_claim_are_asked_for_while_one_is_stored() -> None:
    asked_again, stored = Event(), list[bool]()
    repository = FullRepository.start(asked_again, stored)
    with scheduler(repository=repository, pricing=Pricing.start(asked_again)):
        wait_until(lambda: len(stored) > 0, 5, "a claim to be stored")
    assert stored[0]
