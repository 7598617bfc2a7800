"""What security-service has said, for as long as it is believed."""

from collections.abc import Callable, Iterable

from cachetools import TTLCache

from fixengine.actors.messages import Tickers

KEPT_FOR = 60.0
"""Seconds for which a ticker is believed."""

REFRESHED_FROM = 45.0
"""Seconds after which a ticker that is used is asked for anew. The next answer has the rest of the
time to come, before this one is believed no more.
"""

UNKNOWN_FOR = 5.0
"""Seconds for which a 404 is believed: long enough for a flood of the same, short for a new
security.
"""

_CAPACITY = 20_000

assert UNKNOWN_FOR < REFRESHED_FROM < KEPT_FOR


class Answers:
    """Tickers by security id, and ids that security-service does not know."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._tickers: TTLCache[str, str] = TTLCache(_CAPACITY, KEPT_FOR, clock)
        self._fresh: TTLCache[str, None] = TTLCache(_CAPACITY, REFRESHED_FROM, clock)
        self._unknown: TTLCache[str, None] = TTLCache(_CAPACITY, UNKNOWN_FOR, clock)

    def __contains__(self, security_id: str) -> bool:
        """Say whether its ticker is known."""
        return security_id in self._tickers

    def to(self, security_ids: frozenset[str]) -> Tickers:
        """Return what is known of these."""
        known = {
            security_id: ticker
            for security_id in security_ids
            if (ticker := self._tickers.get(security_id)) is not None
        }
        unknown = frozenset(key for key in security_ids if key in self._unknown)
        return Tickers(known=known, unknown=unknown, pending=security_ids - known.keys() - unknown)

    def ageing(self, security_ids: Iterable[str]) -> frozenset[str]:
        """Return those of these known ones that should be asked for anew."""
        return frozenset(key for key in security_ids if key not in self._fresh)

    def keep(self, tickers: Tickers) -> None:
        """Take new answers; a 404 also ends a ticker from before."""
        for security_id, ticker in tickers.known.items():
            self._tickers[security_id] = ticker
            self._fresh[security_id] = None
        for security_id in tickers.unknown:
            self._unknown[security_id] = None
            self._tickers.pop(security_id, None)
