"""The pricing actor: fresh prices for a batch of tickers, by single calls or one for all."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from decimal import Decimal
from time import monotonic
from typing import TypeVar

from fixengine.actors.base import Actor
from fixengine.actors.messages import GetPrices, Prices
from fixengine.errors import UnavailableError
from fixengine.metrics import EngineMetrics
from fixengine.ports import PricingService

REPLY_WITHIN = 2.0
"""Seconds for a whole batch; executions are locked meanwhile."""

BULK_FROM = 8
"""From so many tickers on, one call for all prices is cheaper than single ones."""

CONNECTIONS = 8
"""Calls to pricing-service at a time."""

_T = TypeVar("_T")


class Pricing(Actor):
    """Prices, never from memory: each evaluation is at a price of its own time."""

    def __init__(self, *, service: PricingService, metrics: EngineMetrics) -> None:
        super().__init__()
        self._service = service
        self._metrics = metrics
        self._workers = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="pricing-service")

    def receive(self, message: GetPrices) -> Prices:
        began = monotonic()
        result = "failure"
        try:
            prices = self._look_up(message.tickers)
            result = "success"
        finally:
            self._metrics.price_seconds.labels(result).observe(monotonic() - began)
        return prices

    def close(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _look_up(self, tickers: frozenset[str]) -> Prices:
        if len(tickers) >= BULK_FROM:
            return self._bulk(tickers)
        return self._singly(tickers)

    def _bulk(self, tickers: frozenset[str]) -> Prices:
        call = self._workers.submit(self._service.all_prices)
        wait([call], timeout=REPLY_WITHIN)
        everything = _result(call)
        known = {ticker: everything[ticker] for ticker in tickers & everything.keys()}
        return Prices(known=known, unknown=tickers - known.keys())

    def _singly(self, tickers: frozenset[str]) -> Prices:
        """Ask for each; one that fails is in neither part, unless they all do."""
        calls = {ticker: self._workers.submit(self._service.price, ticker) for ticker in tickers}
        wait(calls.values(), timeout=REPLY_WITHIN)
        known: dict[str, Decimal] = {}
        unknown: set[str] = set()
        failure: UnavailableError | None = None
        for ticker, call in calls.items():
            try:
                price = _result(call)
            except UnavailableError as error:
                failure = error
                continue
            if price is None:
                unknown.add(ticker)
            else:
                known[ticker] = price
        if failure is not None and not known and not unknown:
            raise failure
        return Prices(known=known, unknown=frozenset(unknown))


def _result(call: Future[_T]) -> _T:
    """Return what a call that should be over came to; one that is not is given up."""
    if not call.done():
        call.cancel()
        raise UnavailableError("pricing-service does not answer in time")
    return call.result()
