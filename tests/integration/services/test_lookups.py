"""The security cache and the pricing actor against neighbours that fail in part."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from queue import SimpleQueue
from typing import Any

import pykka
import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.messages import GetPrices, ResolveTickers, Tickers, TickersArrived
from fixengine.actors.pricing import Pricing
from fixengine.actors.securities.answers import KEPT_FOR, REFRESHED_FROM
from fixengine.actors.securities.cache import SecurityCache
from fixengine.actors.securities.calls import BULK_PAUSE, CONNECTIONS
from fixengine.demo.feed.universe import UNPRICEABLE, all_listings
from fixengine.demo.neighbours.services import PricingService, SecurityService
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.infra.services.neighbours import PricingClient, SecurityClient
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.refs import Request, ask
from fixengine.telemetry.metrics.engine import EngineMetrics
from tests.support.clocks import Clock
from tests.support.no_tree import board
from tests.support.stubs import running

LISTINGS = all_listings()
TICKERS = {listing.security_id: listing.ticker for listing in LISTINGS}


class FailingSecurities(SecurityService):
    """Answers 500 for some securities, and in bulk unless told otherwise."""

    in_bulk = False
    bad: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = {}

    def route(self, path: tuple[str, ...]) -> tuple[str, HTTPStatus, Any]:
        if path[-1] in self.gone:
            return "gone", HTTPStatus.NOT_FOUND, {"detail": "Security not found"}
        if path[-1] in self.renamed:
            security = {"securityId": path[-1], "ticker": self.renamed[path[-1]]}
            return "renamed", HTTPStatus.OK, security
        if path[-1] in self.bad or (path[-1] == "securities" and not self.in_bulk):
            return "failed", HTTPStatus.INTERNAL_SERVER_ERROR, {}
        return super().route(path)


class FailingPrices(PricingService):
    """Its bulk answer is what `bulk` says, and single calls work, but for those that are `bad`."""

    bulk: tuple[HTTPStatus, Any] = (HTTPStatus.OK, [])
    bad: frozenset[str] = frozenset()

    def route(self, path: tuple[str, ...]) -> tuple[str, HTTPStatus, Any]:
        if path[-1] in self.bad:
            return "failed", HTTPStatus.INTERNAL_SERVER_ERROR, {}
        return ("prices", *self.bulk) if path[-1] == "prices" else super().route(path)


class GetNews(Request[SimpleQueue[Tickers]]):
    """A test → listener: what is the news?"""


class Listener(Actor):
    """Keeps the news."""

    def __init__(self) -> None:
        super().__init__()
        self.news: SimpleQueue[Tickers] = SimpleQueue()

    def receive(self, message: Any) -> Any:
        if isinstance(message, TickersArrived):
            self.news.put(message.tickers)
        return self.news


@pytest.fixture
def metrics() -> EngineMetrics:
    return EngineMetrics(CollectorRegistry())


@pytest.fixture
def listener() -> Iterator[pykka.ActorRef[Listener]]:
    ref = Listener.start()
    ref.ask(Boot(), timeout=60)
    yield ref
    ref.stop()


@pytest.fixture
def securities(workspace: Workspace) -> Iterator[FailingSecurities]:
    with running(FailingSecurities(port=workspace.reserve_port(), listings=LISTINGS)) as service:
        yield service


@pytest.fixture
def prices(workspace: Workspace) -> Iterator[FailingPrices]:
    with running(FailingPrices(port=workspace.reserve_port(), listings=LISTINGS)) as service:
        yield service


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(
    securities: FailingSecurities, metrics: EngineMetrics, clock: Clock
) -> Iterator[pykka.ActorRef[SecurityCache]]:
    ref = SecurityCache.start(
        service=SecurityClient(url=securities.url),
        health=board(),
        metrics=metrics,
        clock=clock,
    )
    ref.ask(Boot(), timeout=60)
    yield ref
    ref.stop()


@pytest.fixture
def pricing(prices: FailingPrices, metrics: EngineMetrics) -> Iterator[pykka.ActorRef[Pricing]]:
    ref = Pricing.start(service=PricingClient(url=prices.url), metrics=metrics)
    ref.ask(Boot(), timeout=60)
    yield ref
    ref.stop()


def resolve(
    cache: pykka.ActorRef[SecurityCache],
    listener: pykka.ActorRef[Listener],
    security_ids: frozenset[str],
) -> Tickers:
    message = ResolveTickers(security_ids=security_ids, reply_to=listener)
    return ask(cache, message, timeout=60)


def known_from(listener: pykka.ActorRef[Listener], wanted: frozenset[str]) -> dict[str, str]:
    """Collect news until all that is wanted is known; Empty when it takes too long."""
    news = ask(listener, GetNews(), timeout=60)
    known: dict[str, str] = {}
    while not wanted <= known.keys():
        known.update(news.get(timeout=60).known)
    return known


def test_securities_that_keep_failing_hold_up_no_others(
    securities: FailingSecurities,
    cache: pykka.ActorRef[SecurityCache],
    listener: pykka.ActorRef[Listener],
) -> None:
    ids = sorted(TICKERS)
    bad, good = frozenset(ids[:20]), frozenset(ids[20:60])
    securities.bad = bad
    assert resolve(cache, listener, bad).pending == bad
    assert resolve(cache, listener, good).pending == good
    assert known_from(listener, good) == {key: TICKERS[key] for key in good}
    securities.bad = frozenset()
    assert known_from(listener, bad) == {key: TICKERS[key] for key in bad}
    assert resolve(cache, listener, bad | good).pending == frozenset()


def test_one_bulk_call_brings_everything_also_what_waits_for_slow_calls(
    securities: FailingSecurities,
    cache: pykka.ActorRef[SecurityCache],
    listener: pykka.ActorRef[Listener],
    clock: Clock,
) -> None:
    ids = sorted(TICKERS)
    strangers = frozenset(f"{number:024x}" for number in range(1, 31))
    securities.latency_seconds = 2  # so that there still are some that wait, on any machine
    resolve(cache, listener, strangers)  # the bulk call fails: 30 are asked for singly
    wait_until(lambda: securities.calls["security"] > CONNECTIONS, 60, "the second single calls")
    securities.in_bulk = True
    clock.now += BULK_PAUSE
    some, others = frozenset(ids[:2]), frozenset(ids[2:])
    resolve(cache, listener, some)
    known_from(listener, some)
    assert resolve(cache, listener, others).known.keys() == others
    assert securities.calls["securities"] == 1


def test_bulk_calls_that_lack_something_are_not_made_again_and_again(
    securities: FailingSecurities,
    cache: pykka.ActorRef[SecurityCache],
    listener: pykka.ActorRef[Listener],
) -> None:
    securities.in_bulk = True
    strangers = [f"{number:024x}" for number in range(1, 71)]
    unknown: set[str] = set()
    for at in range(0, 60, 10):
        resolve(cache, listener, frozenset(strangers[at : at + 10]))
    news = ask(listener, GetNews(), timeout=60)
    for more in (strangers[:60], strangers[60:]):
        resolve(cache, listener, frozenset(more))
        while not unknown >= set(more):
            unknown |= news.get(timeout=60).unknown
    assert securities.calls["securities"] == 1
    assert securities.calls["security"] == 70


def test_what_is_used_is_asked_for_anew_before_it_is_believed_no_more(
    securities: FailingSecurities,
    cache: pykka.ActorRef[SecurityCache],
    listener: pykka.ActorRef[Listener],
    clock: Clock,
) -> None:
    used, unused = (frozenset({key}) for key in sorted(TICKERS)[:2])
    for each in (used, unused):
        resolve(cache, listener, each)
        known_from(listener, each)
    clock.now += REFRESHED_FROM
    securities.latency_seconds = 0.5
    (key,) = used
    securities.renamed = {key: "NEW"}
    for _ in range(3):  # nobody waits, and one call is enough
        assert resolve(cache, listener, used).known == {key: TICKERS[key]}
    wait_until(lambda: resolve(cache, listener, used).known == {key: "NEW"}, 60, "the next answer")
    assert securities.calls["renamed"] == 1
    clock.now += KEPT_FOR - REFRESHED_FROM
    assert resolve(cache, listener, used).known == {key: "NEW"}
    assert resolve(cache, listener, unused).pending == unused


def test_a_security_that_is_no_more_is_forgotten_when_it_is_asked_for_anew(
    securities: FailingSecurities,
    cache: pykka.ActorRef[SecurityCache],
    listener: pykka.ActorRef[Listener],
    clock: Clock,
) -> None:
    gone = frozenset({min(TICKERS)})
    resolve(cache, listener, gone)
    known_from(listener, gone)
    securities.gone = gone
    clock.now += REFRESHED_FROM
    assert resolve(cache, listener, gone).known.keys() == gone
    wait_until(lambda: resolve(cache, listener, gone).unknown == gone, 60, "the 404")
    assert not resolve(cache, listener, gone).known


def test_many_unknown_securities_are_each_asked_for_once(
    securities: FailingSecurities,
    cache: pykka.ActorRef[SecurityCache],
    listener: pykka.ActorRef[Listener],
) -> None:
    strangers = frozenset(f"{number:024x}" for number in range(1, 31))
    resolve(cache, listener, strangers)
    news = ask(listener, GetNews(), timeout=60)
    unknown: set[str] = set()
    while unknown != strangers:
        unknown |= news.get(timeout=60).unknown
    assert resolve(cache, listener, strangers).unknown == strangers
    assert securities.calls["security"] == 30


@pytest.mark.parametrize(
    "bulk",
    [
        (HTTPStatus.INTERNAL_SERVER_ERROR, {}),
        (HTTPStatus.NOT_FOUND, {}),
        (HTTPStatus.OK, {"not": "a list"}),
        (HTTPStatus.OK, []),
        (HTTPStatus.OK, [{"ticker": "A", "close": None}]),
    ],
)
def test_without_a_bulk_answer_tickers_are_asked_for_singly(
    prices: FailingPrices, pricing: pykka.ActorRef[Pricing], bulk: tuple[HTTPStatus, Any]
) -> None:
    prices.bulk = bulk
    wanted = frozenset(listing.ticker for listing in LISTINGS[:40])
    found = ask(pricing, GetPrices(tickers=wanted), timeout=60)
    assert found.known.keys() == wanted
    assert found.unknown == frozenset()


def test_only_a_404_of_its_own_says_that_a_ticker_has_no_price(
    prices: FailingPrices, pricing: pykka.ActorRef[Pricing]
) -> None:
    without = frozenset(listing.ticker for listing in UNPRICEABLE)
    wanted = without | {listing.ticker for listing in LISTINGS[:20]}
    for _ in range(2):
        found = ask(pricing, GetPrices(tickers=wanted), timeout=60)
        assert found.unknown == without
        assert found.known.keys() == wanted - without
    assert prices.calls["price"] == 20 + 3 + 20


def test_a_ticker_whose_call_fails_is_not_waited_for_with_each_claim(
    prices: FailingPrices, pricing: pykka.ActorRef[Pricing]
) -> None:
    good, bad = LISTINGS[0].ticker, LISTINGS[1].ticker
    prices.bad = frozenset({bad})

    def known(*tickers: str) -> frozenset[str]:
        found = ask(pricing, GetPrices(tickers=frozenset(tickers)), timeout=60)
        return frozenset(found.known)

    assert known(good, bad) == {good}
    failed = prices.calls["failed"]
    assert known(good, bad) == {good}
    assert prices.calls["failed"] == failed
    prices.bad = frozenset()
    assert known(bad) == {bad}  # nobody else has to wait for it
