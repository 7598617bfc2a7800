"""When the fill scheduler makes its next claim."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from threading import Event
from time import monotonic

import pykka
import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.filling.limits import FILL_LIMITS, FillLimits
from fixengine.actors.filling.scheduler import FillScheduler
from fixengine.actors.messages import (
    AbandonClaim,
    ClaimDue,
    ExecutionsFreed,
    FillsPublished,
    GetPrices,
    OrdersStored,
    Prices,
    PublishFills,
    StoreFills,
)
from fixengine.actors.pricing import BULK_FROM
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.ports.stores import Claim, Stored
from fixengine.rules.fills import FillRules
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.mailbox import mailbox_of
from fixengine.supervision.refs import ActorRef, Request, ask
from fixengine.telemetry.health import Health
from fixengine.telemetry.metrics.engine import EngineMetrics
from tests.support.executions import SENT, execution
from tests.support.no_tree import board


class GetCount(Request[int]):
    """A test → its repository: how many claims there were, or are still to come?"""


class Repository(Actor):
    """Finds nothing to claim, though for so many claims it says that there may be more."""

    def __init__(self, more: int) -> None:
        super().__init__()
        self._more = more

    def receive(self, message: ClaimDue | GetCount) -> Claim | int:
        if isinstance(message, GetCount):
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
            self._stored.append(self._asked_again.wait(60))
        return Stored()


class BusyRepository(Actor):
    """Finds and stores a claim of BULK_FROM for so many times, then nothing."""

    def __init__(self, claims: int) -> None:
        super().__init__()
        self._claims = claims

    def receive(self, message: ClaimDue | StoreFills) -> object:
        if isinstance(message, StoreFills):
            return Stored(ids=frozenset(fill.execution.id for fill in message.fills))
        self._claims -= 1
        found = tuple(execution(id=n, ticker=f"T{n}") for n in range(BULK_FROM))
        return Claim(
            executions=found if self._claims >= 0 else (),
            now=SENT,
            next_due_in=None,
            more=self._claims > 0,
        )


class TrickleRepository(Actor):
    """Finds one that is due in each claim, and says that the next one is already."""

    def __init__(self, claimed_at: list[float]) -> None:
        super().__init__()
        self._claimed_at = claimed_at

    def receive(self, message: ClaimDue | StoreFills) -> object:
        if isinstance(message, StoreFills):
            return Stored(ids=frozenset(fill.execution.id for fill in message.fills))
        self._claimed_at.append(monotonic())
        return Claim(executions=(execution(id=1),), now=SENT, next_due_in=0, more=False)


class AwayRepository(Actor):
    """Has no database, and counts who asks."""

    def __init__(self, asked: list[ClaimDue]) -> None:
        super().__init__()
        self._asked = asked

    def receive(self, message: ClaimDue) -> object:
        self._asked.append(message)
        raise UnavailableError("the database is away")


class Publisher(Actor):
    """Takes what it is told of."""

    def __init__(self, told: list[PublishFills]) -> None:
        super().__init__()
        self._told = told

    def receive(self, message: PublishFills | FillsPublished) -> None:
        if isinstance(message, PublishFills):
            self._told.append(message)


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
def scheduler(
    *,
    repository: ActorRef,
    pricing: ActorRef,
    publisher: ActorRef | None = None,
    interval: float | None = None,
    shortest: float = 0,
    health: Health | None = None,
    limits: FillLimits = FILL_LIMITS,
) -> Iterator[ActorRef]:
    """Lend a scheduler between actors, to which empty fills count too, and stop them all."""
    neighbours = (publisher or Publisher.start([]), pricing, repository)
    for each in neighbours:
        each.ask(Boot(), timeout=60)
    running: pykka.ActorRef[FillScheduler] = FillScheduler.start(
        repository=repository,
        pricing=pricing,
        publisher=neighbours[0],
        health=health or board(),
        metrics=EngineMetrics(CollectorRegistry()),
        rules=FillRules(announce_empty=True),
        seed=None,
        interval=interval,
        shortest=shortest,
        limits=limits,
    )
    running.ask(Boot(), timeout=60)
    try:
        yield running
    finally:
        for each in (running, *neighbours):
            each.stop()


def settle(*refs: ActorRef) -> None:
    """Wait until each has dealt with what it had, and with what it told itself meanwhile."""
    for ref in refs:
        for _ in range(2):
            ref.ask(FillsPublished(count=0), timeout=60)


NO_LOOKS = FillLimits(longest_sleep=3600)
"""Whoever sleeps until the next look is not woken up by it within a test."""


def test_it_sleeps_only_when_nothing_can_be_due() -> None:
    repository = Repository.start(more=50)

    def left() -> int:
        return ask(repository, GetCount(), timeout=60)

    pricing = Pricing.start(Event())
    with scheduler(repository=repository, pricing=pricing, limits=NO_LOOKS) as running:
        wait_until(lambda: left() <= 0, 60, "50 claims")
        settle(running)
        assert left() == 0


def test_prices_of_the_next_claim_are_asked_for_while_one_is_stored() -> None:
    asked_again, stored = Event(), list[bool]()
    repository = FullRepository.start(asked_again, stored)
    with scheduler(repository=repository, pricing=Pricing.start(asked_again)):
        wait_until(lambda: len(stored) > 0, 60, "a claim to be stored")
    assert stored[0]


def test_with_enough_fills_on_their_way_it_goes_on_at_once_when_half_have_arrived(
    events: list[str],
) -> None:
    told: list[PublishFills] = []
    publisher = Publisher.start(told)
    with scheduler(
        repository=BusyRepository.start(1_000),
        pricing=Pricing.start(Event()),
        publisher=publisher,
        limits=replace(NO_LOOKS, enough_unpublished=4 * BULK_FROM),
    ) as running:
        wait_until(lambda: len(told) == 4, 60, "enough fills to be on their way")
        settle(running)
        running.tell(FillsPublished(count=2 * BULK_FROM))
        settle(running, publisher)
        assert len(told) == 4
        for count, claims in ((1, 7), (3 * BULK_FROM, 10), (3 * BULK_FROM, 13)):
            running.tell(FillsPublished(count=count))
            wait_until(lambda wanted=claims: len(told) == wanted, 60, "three claims more")  # type: ignore[misc]
    assert not events


def test_that_fills_wait_is_said_once_when_the_broker_is_silent(
    events: list[str],
) -> None:
    told: list[PublishFills] = []
    with scheduler(
        repository=BusyRepository.start(4),
        pricing=Pricing.start(Event()),
        publisher=Publisher.start(told),
        limits=FillLimits(enough_unpublished=4 * BULK_FROM, silence=0.1, longest_sleep=0.05),
    ) as running:
        wait_until(lambda: "filling waits" in events, 60, "a line in the log")
        running.tell(FillsPublished(count=1))
        running.tell(FillsPublished(count=4 * BULK_FROM - 1))
        wait_until(lambda: "filling goes on" in events, 60, "the end of it to be said")
    assert events == ["filling waits", "filling goes on"]


def test_an_order_that_is_stored_does_not_shorten_the_wait_for_the_database(
    events: list[str],
) -> None:
    asked = list[ClaimDue]()
    repository = AwayRepository.start(asked)
    with scheduler(
        repository=repository, pricing=Pricing.start(Event()), limits=FillLimits(apart=0)
    ) as running:
        wait_until(lambda: "filling waits" in events, 60, "the outage to be told of")
        before = len(asked)
        for _ in range(50):
            running.tell(OrdersStored(due_in=0))
            settle(running)
        assert len(asked) - before < 25


def test_nothing_is_claimed_once_a_stop_has_begun() -> None:
    repository = Repository.start(more=1_000_000)
    with scheduler(repository=repository, pricing=Pricing.start(Event())) as running:
        wait_until(lambda: ask(repository, GetCount(), timeout=60) < 1_000_000, 60, "a claim")
        mailbox_of(running).stop_begins(monotonic() + 3600)
        settle(running)  # with the claim that is in hand
        left = ask(repository, GetCount(), timeout=60)
        running.tell(OrdersStored(due_in=0))
        running.tell(FillsPublished(count=0))
        settle(running)
        assert ask(repository, GetCount(), timeout=60) == left


def test_what_falls_due_in_a_moment_is_claimed_together() -> None:
    claimed_at = list[float]()
    repository = TrickleRepository.start(claimed_at)
    with scheduler(repository=repository, pricing=Pricing.start(Event())):
        wait_until(lambda: len(claimed_at) > 10, 60, "ten claims")
    # a claim reaches the repository a little after it began
    assert claimed_at[10] - claimed_at[0] > 9 * FILL_LIMITS.apart


def test_while_little_is_due_claims_wait_longer_for_company() -> None:
    claimed_at = list[float]()
    repository = TrickleRepository.start(claimed_at)
    with scheduler(repository=repository, pricing=Pricing.start(Event()), shortest=1):
        wait_until(lambda: len(claimed_at) > 7, 60, "seven claims")
    assert claimed_at[7] - claimed_at[5] > FILL_LIMITS.furthest_apart


class IdleRepository(Actor):
    """Finds nothing, and notes when it was asked."""

    def __init__(self, claimed_at: list[float]) -> None:
        super().__init__()
        self._claimed_at = claimed_at

    def receive(self, message: ClaimDue) -> Claim:
        self._claimed_at.append(monotonic())
        return Claim(executions=(), now=SENT, next_due_in=None, more=False)


def test_what_was_passed_over_is_claimed_as_soon_as_it_is_free() -> None:
    claimed_at = list[float]()
    with scheduler(
        repository=IdleRepository.start(claimed_at),
        pricing=Pricing.start(Event()),
        limits=NO_LOOKS,
    ) as running:
        for claims in range(1, 11):
            wait_until(lambda wanted=claims: len(claimed_at) == wanted, 60, "a claim")  # type: ignore[misc]
            running.tell(ExecutionsFreed())
            running.tell(ExecutionsFreed())  # one wakes as well as many
    assert claimed_at[9] - claimed_at[0] > 8 * FILL_LIMITS.apart


def test_claims_keep_to_an_interval_whatever_is_free() -> None:
    interval = 0.05
    claimed_at = list[float]()
    with scheduler(
        repository=IdleRepository.start(claimed_at),
        pricing=Pricing.start(Event()),
        interval=interval,
        limits=NO_LOOKS,
    ) as running:
        for claims in range(1, 12):
            wait_until(lambda wanted=claims: len(claimed_at) == wanted, 60, "a claim")  # type: ignore[misc]
            running.tell(ExecutionsFreed())
    # a claim reaches the repository a little after it began
    assert claimed_at[10] - claimed_at[0] > 8 * interval


class DeepRepository(Actor):
    """Finds as much as is wanted, in a while, and notes when and how much that was."""

    def __init__(self, asked: list[tuple[float, int]], seconds: float) -> None:
        super().__init__()
        self._asked = asked
        self._seconds = seconds

    def receive(self, message: ClaimDue | StoreFills) -> object:
        if isinstance(message, StoreFills):
            return Stored(ids=frozenset(fill.execution.id for fill in message.fills))
        self._asked.append((monotonic(), message.limit))
        Event().wait(self._seconds)
        found = tuple(execution(id=n, ticker=f"T{n}") for n in range(min(message.limit, 50)))
        return Claim(executions=found, now=SENT, next_due_in=0, more=True)


def test_with_an_interval_one_execution_is_evaluated_in_each() -> None:
    interval, step = 0.2, 0.1
    asked = list[tuple[float, int]]()
    with scheduler(
        repository=DeepRepository.start(asked, step),
        pricing=Pricing.start(Event()),
        interval=interval,
    ):
        wait_until(lambda: len(asked) > 10, 60, "ten claims")
    moments = [moment for moment, _ in asked]
    assert {limit for _, limit in asked} == {1}
    assert moments[10] - moments[0] > 9 * interval
    # whatever an evaluation takes of it
    assert min(later - earlier for earlier, later in pairwise(moments)) < interval + step


@pytest.mark.parametrize("interval", [None, 0.0])
def test_without_an_interval_all_that_is_due_is_claimed(interval: float | None) -> None:
    asked = list[tuple[float, int]]()
    with scheduler(
        repository=DeepRepository.start(asked, 0), pricing=Pricing.start(Event()), interval=interval
    ):
        wait_until(lambda: len(asked) > 2, 60, "three claims")
    assert {limit for _, limit in asked} == {FILL_LIMITS.largest_claim}


class ShyRepository(Actor):
    """Finds something in every other claim: other engines are faster."""

    def __init__(self) -> None:
        super().__init__()
        self.claims = 0

    def receive(self, message: ClaimDue | StoreFills | AbandonClaim | GetCount) -> object:
        if isinstance(message, ClaimDue):
            self.claims += 1
            found = (execution(id=1),) if self.claims % 2 else ()
            return Claim(executions=found, now=SENT, next_due_in=0.01, more=False)
        return self.claims if isinstance(message, GetCount) else Stored()


class Priceless(Actor):
    """Pricing that does not answer until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = False

    def receive(self, message: GetPrices | str) -> Prices | None:
        if isinstance(message, str):
            self.answers = True
            return None
        if not self.answers:
            raise UnavailableError("pricing-service is away")
        return Prices(known=dict.fromkeys(message.tickers, Decimal(40)), unknown=frozenset())


def test_that_prices_are_missing_is_said_once_though_there_is_not_always_something_to_price(
    events: list[str],
) -> None:
    repository, pricing, health = ShyRepository.start(), Priceless.start(), board()

    def claims() -> int:
        return ask(repository, GetCount(), timeout=60)

    def said() -> str:
        parts = health.ready().body["parts"]
        assert isinstance(parts, dict)
        return str(parts["filling"]["said"])

    with scheduler(repository=repository, pricing=pricing, health=health):
        wait_until(lambda: claims() >= 10, 60, "ten claims, five of them empty")
        assert said() == "pricing-service is away"
        assert events.count("filling waits") == 1
        assert "filling goes on" not in events
        pricing.ask("answer", timeout=60)
        wait_until(lambda: said() == "", 60, "filling to go on")
        assert events.count("filling goes on") == 1


class ChoosyRepository(Actor):
    """Refuses one fill of a claim, and has no time for another, which then is all that is due."""

    def __init__(self, claimed_at: list[float]) -> None:
        super().__init__()
        self._claimed_at = claimed_at

    def receive(self, message: ClaimDue | StoreFills) -> object:
        if isinstance(message, StoreFills):
            if len(message.fills) == 1:
                return Stored(ids=frozenset({3}))
            return Stored(ids=frozenset({1}), refused={2: "not this one"}, left=1)
        self._claimed_at.append(monotonic())
        found = [(1, 2, 3), (3,), ()][min(len(self._claimed_at), 3) - 1]
        executions = tuple(execution(id=id_) for id_ in found)
        return Claim(executions=executions, now=SENT, next_due_in=None, more=False)


def test_a_fill_that_is_refused_is_told_of_and_those_that_were_not_tried_are_claimed_at_once(
    events: list[str],
) -> None:
    claimed_at = list[float]()
    with scheduler(
        repository=ChoosyRepository.start(claimed_at),
        pricing=Pricing.start(Event()),
        limits=NO_LOOKS,
    ):
        wait_until(lambda: len(claimed_at) > 1, 30, "the claim of what is left")
    assert events.count("a fill is refused, put off") == 1


class EndingRepository(Actor):
    """Finds executions in each of so many claims, those whose time is over first, then nothing."""

    def __init__(self, claims: int, over: int, others: int, stored: list[StoreFills]) -> None:
        super().__init__()
        self._claims = claims
        self._found = (
            *(execution(id=n, expires_at=SENT) for n in range(over)),
            *(execution(id=over + n) for n in range(others)),
        )
        self._stored = stored

    def receive(self, message: ClaimDue | StoreFills | AbandonClaim) -> object:
        match message:
            case StoreFills(ended=ended):
                self._stored.append(message)
                return Stored(ids=frozenset(each.fill.execution.id for each in ended))
            case ClaimDue():
                self._claims -= 1
                found = self._found if self._claims >= 0 else ()
                return Claim(executions=found, now=SENT, next_due_in=None, more=self._claims > 0)
            case _:
                return None


def test_what_is_over_ends_though_there_are_no_prices(events: list[str]) -> None:
    stored, told = list[StoreFills](), list[PublishFills]()
    with scheduler(
        repository=EndingRepository.start(1, 2, 3, stored),
        pricing=Priceless.start(),
        publisher=Publisher.start(told),
    ):
        wait_until(lambda: "filling waits" in events, 60, "the outage to be told")
        wait_until(lambda: told, 60, "the ends to be handed on")
    assert [len(each.ended) for each in stored] == [2]
    assert not stored[0].fills
    assert not stored[0].postponed
    assert len(told[0].fills) == 2


def test_nobody_is_asked_for_prices_of_what_is_over(events: list[str]) -> None:
    stored = list[StoreFills]()
    with scheduler(
        repository=EndingRepository.start(3, 2, 0, stored), pricing=Priceless.start()
    ) as running:
        wait_until(lambda: len(stored) == 3, 60, "three claims")
        settle(running)
    assert not events


def test_with_an_interval_all_that_is_over_ends_at_once() -> None:
    stored = list[StoreFills]()
    with scheduler(
        repository=EndingRepository.start(50, 1, 0, stored),
        pricing=Priceless.start(),
        interval=3600,
    ):
        wait_until(lambda: len(stored) == 50, 60, "fifty ends")


def test_ends_that_the_broker_does_not_take_stop_further_ones() -> None:
    stored = list[StoreFills]()
    repository = EndingRepository.start(50, 10, 0, stored)
    with scheduler(
        repository=repository,
        pricing=Priceless.start(),
        limits=replace(NO_LOOKS, enough_unpublished=40),
    ) as running:
        wait_until(lambda: len(stored) == 4, 60, "enough ends to be on their way")
        settle(running, repository)
        settle(running)
        assert len(stored) == 4
