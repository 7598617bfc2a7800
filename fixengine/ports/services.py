"""What actors need of the two HTTP neighbours."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol


class SecurityService(Protocol):
    """Tickers by security id."""

    def ticker(self, security_id: str) -> str | None:
        """Return the ticker, None when the service says there is no such security.

        Raises UnavailableError when it gives no usable answer before the deadline.
        """

    def all_tickers(self) -> Mapping[str, str]:
        """Return every security's ticker by id; raises UnavailableError."""


class PricingService(Protocol):
    """Fresh prices by ticker."""

    def price(self, ticker: str) -> Decimal | None:
        """Return the closing price, None when the service does not know the ticker.

        Raises UnavailableError when it gives no usable answer before the deadline.
        """

    def all_prices(self) -> Mapping[str, Decimal]:
        """Return every priced ticker's closing price; raises UnavailableError."""
