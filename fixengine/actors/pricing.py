"""The pricing actor: fresh prices for a batch of tickers, by single calls or one for all."""

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from decimal import Decimal
from time import monotonic
from typing import TypeVar

from cachetools import TTLCache
from loguru import logger

from fixengine.actors.messages import GetPrices, Prices
from fixengine.errors import UnavailableError
from fixengine.ports.services import PricingService
from fixengine.supervision.actor import Actor
from fixengine.supervision.scope import in_scope
from fixengine.telemetry.metrics.engine import EngineMetrics

REPLY_WITHIN = 2.0
"""Seconds in which a whole batch has its prices; its executions are locked meanwhile."""

BULK_FROM = 4
"""From so many tickers on, one call for all prices takes less of a core than single ones."""

CONNECTIONS = 8
"""Calls to pricing-service at a time."""

MOST_SINGLE_CALLS = 100
"""Single calls for one batch; further tickers that are not in the bulk answer have to wait."""

NONE_FOR = 60.0
"""Seconds for which a 404 is believed, or a ticker without a price would cost each batch a call."""

SILENT_FOR = 5.0
"""Seconds for which a ticker is passed over after its call failed and others were answered."""

_LOOK = 0.1  # seconds between looks at whether a stop has begun

assert 2 * _LOOK < REPLY_WITHIN

_T = TypeVar("_T")


class Pricing(Actor):
    """Asks for new prices each time: none is kept. The scheduler may ask a little ahead of a claim.

    Two things are kept of a ticker. For a minute, that it has no price, which only a 404 of its own
    call says. For a moment, that its call failed, or each claim with this ticker would wait for it.
    """

    def __init__(self, *, service: PricingService, metrics: EngineMetrics) -> None:
        super().__init__()
        self._service = service
        self._metrics = metrics
        self._without_price: TTLCache[str, None] = TTLCache(20_000, NONE_FOR)
        self._silent: TTLCache[str, None] = TTLCache(20_000, SILENT_FOR)
        self._workers = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="pricing-service")

    def receive(self, message: GetPrices) -> Prices:
        began = monotonic()
        result = "failure"
        try:
            prices = self._look_up(message.tickers)
            result = "success"
        finally:
            self._metrics.price_seconds.labels(result).observe(monotonic() - began)
        return message.answer(prices)

    def close(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _look_up(self, tickers: frozenset[str]) -> Prices:
        """Take what one call for all brings, if it pays, and ask for the others singly."""
        unknown = frozenset(ticker for ticker in tickers if ticker in self._without_price)
        known: Mapping[str, Decimal] = {}
        if len(tickers - unknown) >= BULK_FROM:
            known = self._bulk()
        missing = tickers - unknown - known.keys()
        expected = frozenset(ticker for ticker in missing if ticker not in self._silent)
        asked = sorted(expected if known or expected else missing)[:MOST_SINGLE_CALLS]
        single = self._singly(asked, needed=not known)
        self._without_price.update(dict.fromkeys(single.unknown))
        if known or single.known or single.unknown:
            silent = frozenset(asked) - single.known.keys() - single.unknown
            self._silent.update(dict.fromkeys(silent))
        return Prices(known={**known, **single.known}, unknown=unknown | single.unknown)

    def _wait(self, calls: Collection[Future[_T]]) -> None:
        """Wait for all of these, unless a stop has begun: nobody fills any more then."""
        until = monotonic() + REPLY_WITHIN / 2
        pending: Collection[Future[_T]] = calls
        while pending and not self.stopping and (left := until - monotonic()) > 0:
            pending = wait(pending, timeout=min(left, _LOOK)).not_done

    def _bulk(self) -> Mapping[str, Decimal]:
        """Return all prices, or no price when the call fails: single calls may still work."""
        call = self._workers.submit(in_scope(self._service.all_prices))
        self._wait([call])
        try:
            return _result(call)
        except UnavailableError as error:
            logger.bind(reason=str(error)).debug("no prices in bulk")
            return {}

    def _singly(self, tickers: Iterable[str], *, needed: bool) -> Prices:
        """Ask for each; a ticker whose call fails is neither known nor unknown.

        Raises UnavailableError when all calls fail and their prices are `needed`.
        """
        price_of = in_scope(self._service.price)
        calls = {ticker: self._workers.submit(price_of, ticker) for ticker in tickers}
        self._wait(calls.values())
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
        if needed and failure is not None and not known and not unknown:
            raise failure
        return Prices(known=known, unknown=frozenset(unknown))


def _result(call: Future[_T]) -> _T:
    """Return the result of a call; one that is not over yet is given up."""
    if not call.done():
        call.cancel()
        raise UnavailableError("pricing-service does not answer in time")
    return call.result()
