"""The security-service and the pricing-service, as the demo and the tests need them."""

import random
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from fixengine.demo.feed.universe import Listing
from fixengine.demo.neighbours.stub import LOOPBACK, Stub

_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_SECURITY_TYPE_ID = "68bda01fe3644b42ebcb2bbd"
_PRICE_DATE = "2013-03-07"


class SecurityService(Stub):
    """Knows every listing, by id and all at once. Routes: `security`, `securities`, `unknown`."""

    def __init__(self, *, port: int, listings: Iterable[Listing], host: str = LOOPBACK) -> None:
        super().__init__(port=port, host=host)
        self._listings = {listing.security_id: listing for listing in listings}

    def route(self, path: tuple[str, ...]) -> tuple[str, HTTPStatus, Any]:
        """Answer the two routes of the real service."""
        match path:
            case "api", "v1", "securities":
                return "securities", HTTPStatus.OK, [*map(_security, self._listings.values())]
            case "api", "v1", "security", security_id:
                return "security", *self._one(security_id)
            case _:
                return "unknown", HTTPStatus.NOT_FOUND, {"detail": "Not Found"}

    def _one(self, security_id: str) -> tuple[HTTPStatus, Any]:
        if len(security_id) != 24 or not _HEX_DIGITS.issuperset(security_id):
            return HTTPStatus.INTERNAL_SERVER_ERROR, {"detail": "Internal Server Error"}
        listing = self._listings.get(security_id.lower())
        if listing is None:
            return HTTPStatus.NOT_FOUND, {"detail": "Security not found"}
        return HTTPStatus.OK, _security(listing)


class PricingService(Stub):
    """Prices each listing that has a price, anew on each call.

    The samples are normally distributed, above 0, with 2 decimals; `seed` makes them repeatable.
    Routes: `price`, `prices`, `unknown`.
    """

    def __init__(
        self, *, port: int, listings: Iterable[Listing], seed: int = 0, host: str = LOOPBACK
    ) -> None:
        super().__init__(port=port, host=host)
        priced = (listing for listing in listings if listing.price is not None)
        self._listings = {listing.ticker: (id_, listing) for id_, listing in enumerate(priced, 1)}
        self._rng = random.Random(seed)

    def route(self, path: tuple[str, ...]) -> tuple[str, HTTPStatus, Any]:
        """Answer the two routes of the real service."""
        match path:
            case "api", "v1", "prices":
                return "prices", HTTPStatus.OK, [*map(self._price, self._listings)]
            case "api", "v1", "price", ticker if ticker in self._listings:
                return "price", HTTPStatus.OK, self._price(ticker)
            case "api", "v1", "price", _:
                return "price", HTTPStatus.NOT_FOUND, {"detail": "Price not found"}
            case _:
                return "unknown", HTTPStatus.NOT_FOUND, {"detail": "Not Found"}

    def _price(self, ticker: str) -> dict[str, object]:
        id_, listing = self._listings[ticker]
        sample = max(round(self._rng.gauss(listing.price or 0.0, listing.price_std), 2), 0.01)
        return {
            "id": id_,
            "ticker": ticker,
            "date": _PRICE_DATE,
            **dict.fromkeys(("open", "close", "high", "low"), sample),
            "volume": 0,
        }


def _security(listing: Listing) -> dict[str, object]:
    return {
        "ticker": listing.ticker,
        "description": listing.name,
        "securityTypeId": _SECURITY_TYPE_ID,
        "version": 1,
        "securityId": listing.security_id,
        "securityType": {
            "abbreviation": "CS",
            "description": "Common Stock",
            "version": 1,
            "securityTypeId": _SECURITY_TYPE_ID,
        },
    }
