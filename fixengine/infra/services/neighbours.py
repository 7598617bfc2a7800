"""The two HTTP neighbours: security-service and pricing-service."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from threading import Lock
from time import monotonic
from typing import Annotated, TypeGuard
from urllib.parse import quote

import msgspec

from fixengine.errors import UnavailableError
from fixengine.infra.services.http_client import JsonService, OtherNotFoundError
from fixengine.rules.values import is_blank

SECURITY_DEADLINE = 5.0
"""Seconds for an answer: nobody waits for it but orders of its security."""

PRICE_DEADLINE = 1.5
"""Seconds for an answer: executions are locked meanwhile."""

_PRICE_SCALE = Decimal("1e-8")
_LOWEST_PRICE = Decimal("0.0001")  # a lower one is 0 in averagePrice, which the suite refuses
_PRICE_LIMIT = Decimal(10) ** 10
_LONGEST_TICKER = 20


class _Security(msgspec.Struct, rename="camel"):
    security_id: str
    ticker: str


class _Listed(msgspec.Struct, rename="camel"):
    """One security of many. The list knows it by its id, whatever its ticker is."""

    security_id: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Fa-f]{24}\Z")]
    ticker: object = None


class _Price(msgspec.Struct):
    ticker: str
    close: Decimal


class SecurityClient(JsonService):
    """security-service; safe to use from several threads."""

    def __init__(self, *, url: str) -> None:
        super().__init__(name="security-service", url=url, deadline=SECURITY_DEADLINE)
        self._listing = Lock()
        self._listed_at = 0.0
        self._listed: Mapping[str, str] = {}

    def ticker(self, security_id: str) -> str | None:
        """Return the ticker, None when there is no such security; raises UnavailableError."""
        asked_at = monotonic()
        path = f"/api/v1/security/{quote(security_id, safe='')}"
        try:
            security = self.get(path, _Security, absent=b"Security not found")
        except OtherNotFoundError:
            # it may come from somewhere between, but then the list does not come
            ticker = self._listed_after(asked_at).get(security_id)
        else:
            ticker = None if security is None else security.ticker
        if ticker is not None and not _usable_ticker(ticker):
            raise UnavailableError(
                f"security-service answers {security_id} with an unusable ticker"
            )
        return ticker

    def all_tickers(self) -> Mapping[str, str]:
        """Return every usable ticker by security id; raises UnavailableError."""
        return {security_id: ticker for security_id, ticker in self._all().items() if ticker}

    def _listed_after(self, moment: float) -> Mapping[str, str]:
        """Return all tickers as they were later than that; calls at the same time share a list."""
        with self._listing:
            if self._listed_at <= moment:
                began = monotonic()
                self._listed = self._all()
                self._listed_at = began
            return self._listed

    def _all(self) -> Mapping[str, str]:
        """Return the ticker of each security that is listed, "" where it can't be used."""
        tickers: dict[str, str] = {}

        def take(listed: _Listed) -> bool:
            security_id, ticker = listed.security_id.lower(), listed.ticker
            known = tickers.setdefault(security_id, "")
            if not _usable_ticker(ticker):
                return False
            tickers[security_id] = known or ticker
            return known in {"", ticker}

        self.take_each("/api/v1/securities", _Listed, take)
        return tickers


class PricingClient(JsonService):
    """pricing-service; safe to use from several threads."""

    def __init__(self, *, url: str) -> None:
        super().__init__(name="pricing-service", url=url, deadline=PRICE_DEADLINE)

    def price(self, ticker: str) -> Decimal | None:
        """Return a fresh price to 8 places, None when unknown; raises UnavailableError."""
        price = self.get(f"/api/v1/price/{quote(ticker, safe='')}", _Price)
        if price is None:
            return None
        if not _usable_price(price.close):
            raise UnavailableError(f"pricing-service answers {ticker} with price {price.close}")
        return _rounded(price.close)

    def all_prices(self) -> Mapping[str, Decimal]:
        """Return every usable price by ticker, to 8 places; raises UnavailableError."""
        prices: dict[str, Decimal] = {}

        def take(price: _Price) -> bool:
            if not _usable_price(price.close):
                return False
            prices[price.ticker] = _rounded(price.close)
            return True

        self.take_each("/api/v1/prices", _Price, take)
        return prices


def _usable_ticker(ticker: object) -> TypeGuard[str]:
    return (
        isinstance(ticker, str)
        and 0 < len(ticker) <= _LONGEST_TICKER
        and "\0" not in ticker
        and not is_blank(ticker)
    )


def _usable_price(price: Decimal) -> bool:
    return price.is_finite() and _LOWEST_PRICE <= price < _PRICE_LIMIT


def _rounded(price: Decimal) -> Decimal:
    return price.quantize(_PRICE_SCALE, ROUND_HALF_UP)
