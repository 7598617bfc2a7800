"""What a session's orders go by: what its owner configured, and the securities there are."""

from dataclasses import dataclass
from typing import Protocol

from fixengine.fix.dictionary import Dictionary
from fixengine.rules.trading_day import TradingDay


class SymbolTable(Protocol):
    """The securities that can be ordered; both methods answer at once, from what is known."""

    def security_id(self, ticker: str) -> str | None:
        """Return the id of the security with this ticker, None if there is none."""

    def ticker(self, security_id: str) -> str | None:
        """Return the ticker of the security with this id, in lower case; None if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAgreement:
    """What holds for all orders of a session.

    `session_id` is that of its row. `destination` is that of its orders, at most 20 characters.
    """

    session_id: int
    dictionary: Dictionary
    destination: str
    day: TradingDay
