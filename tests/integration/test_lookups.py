"""The security cache and the pricing actor against neighbours that fail in part."""

from collections.abc import Iterator
from http import HTTPStatus
from queue import SimpleQueue
from typing import Any

import pykka
import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.asking import ask
from fixengine.actors.base import Actor
from fixengine.actors.lifecycle import Boot
from fixengine.actors.messages import (
    GetPrices,
    Prices,
    ResolveTickers,
    Tickers,
    TickersArrived,
)
from fixengine.actors.pricing import Pricing
from fixengine.actors.securities import SecurityCache
from fixengine.demo.stubs import PricingService, SecurityService
from fixengine.demo.universe import UNPRICEABLE, priced_listings
from fixengine.demo.workspace import Workspace
from fixengine.infra.neighbours import PricingClient, SecurityClient
from fixengine.metrics import EngineMetrics

LISTINGS = (*priced_listings(), *UNPRICEABLE)
TICKERS = {listing.security_id: listing.ticker for listing in LISTINGS}


class FailingSecurities(SecurityService):
    """Answers 500 for some securities, and in bulk."""

    bad: frozenset[str] = frozenset()

    def route(self, path: tuple[str, ...]) -> tuple[str, HTTPStatus, Any]:
        if path[-1] in self.bad or path[-1] == "securities":
            return "failed", HTTPStatus.INTERNAL_SERVER_ERROR, {}
        return super().route(path)


class FailingPrices(PricingService):
    """Its bulk answer is what `bulk` says, and single calls work."""

    bulk: tuple[HTTPStatus, Any] = (HTTPStatus.OK, [])

    def route(self, path: tuple[str, ...]) -> tuple[str, HTTPStatus, Any]:
        return ("prices", *self.bulk) if path[-1] == "prices" else super().route(path)


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
    ref.ask(Boot(), timeout=5)
    yield ref
    ref.stop()


@pytest.fixture
def securities(workspace: Workspace) -> Iterator[FailingSecurities]:
    service = FailingSecurities(port=workspace.reserve_port(), listings=LISTINGS)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def prices(workspace: Workspace) -> Iterator[FailingPrices]:
    service = FailingPrices(port=workspace.reserve_port(), listings=LISTINGS)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def cache(
    securities: FailingSecurities, metrics: EngineMetrics
) -> Iterator[pykka.ActorRef[SecurityCache]]:
    ref = SecurityCache.start(service=SecurityClient(url=securities.url), metrics=metrics)
    ref.ask(Boot(), timeout=5)
    yield ref
    ref.stop()


@pytest.fixture
def pricing(prices: FailingPrices, metrics: EngineMetrics) -> Iterator[pykka.ActorRef[Pricing]]:
    ref = Pricing.start(service=PricingClient(url=prices.url), metrics=metrics)
    ref.ask(Boot(), timeout=5)
    yield ref
    ref.stop()


def resolve(
    cache: pykka.ActorRef[SecurityCache],
    listener: pykka.ActorRef[Listener],
    security_ids: frozenset[str],
) -> Tickers:
    message = ResolveTickers(security_ids=security_ids, reply_to=listener)
    tickers: Tickers = ask(cache, message, timeout=5)
    return tickers


def known_from(listener: pykka.ActorRef[Listener], wanted: frozenset[str]) -> dict[str, str]:
    """Collect news until all that is wanted is known; Empty when it takes too long."""
    news: SimpleQueue[Tickers] = ask(listener, "news", timeout=5)
    known: dict[str, str] = {}
    while not wanted <= known.keys():
        known.update(news.get(timeout=10).known)
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


def test_many_unknown_securities_are_each_asked_for_once(
    securities: FailingSecurities,
    cache: pykka.ActorRef[SecurityCache],
    listener: pykka.ActorRef[Listener],
) -> None:
    strangers = frozenset(f"{number:024x}" for number in range(1, 31))
    resolve(cache, listener, strangers)
    news: SimpleQueue[Tickers] = ask(listener, "news", timeout=5)
    unknown: set[str] = set()
    while unknown != strangers:
        unknown |= news.get(timeout=10).unknown
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
    found: Prices = ask(pricing, GetPrices(tickers=wanted), timeout=5)
    assert found.known.keys() == wanted
    assert found.unknown == frozenset()


def test_only_a_404_of_its_own_says_that_a_ticker_has_no_price(
    prices: FailingPrices, pricing: pykka.ActorRef[Pricing]
) -> None:
    without = frozenset(listing.ticker for listing in UNPRICEABLE)
    wanted = without | {listing.ticker for listing in LISTINGS[:20]}
    for _ in range(2):
        found: Prices = ask(pricing, GetPrices(tickers=wanted), timeout=5)
        assert found.unknown == without
        assert found.known.keys() == wanted - without
    assert prices.calls["price"] == 20 + 3 + 20
