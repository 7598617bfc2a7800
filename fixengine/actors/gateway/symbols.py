"""The list of securities, which every session looks into, and the actor that keeps it fresh."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import NamedTuple, assert_never

from fixengine.actors.gateway.messages import SymbolMissed
from fixengine.errors import UnavailableError
from fixengine.ports.services import SecurityService
from fixengine.supervision.actor import Actor
from fixengine.supervision.retries import Retries
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.metrics.gateway import GatewayMetrics
from fixengine.telemetry.outage import Outage

READ_EVERY = 60.0
"""Seconds from one reading of the list to the next, where nobody misses anything."""

READ_AT_MOST_EVERY = 5.0
"""Seconds between two readings where somebody does."""


class _Lists(NamedTuple):
    tickers: Mapping[str, str]  # by security id
    securities: Mapping[str, str]  # ids by ticker
    read_at: float


class SymbolBoard:
    """The list as it was read last; one thread writes it, any may look.

    Both look-ups raise UnavailableError when there is no list yet, or when the list may be too old
    to know what is asked for: then it is read anew.
    """

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lists = _Lists({}, {}, -inf)
        self._missed: Callable[[], object] = lambda: None

    def when_missed(self, missed: Callable[[], object]) -> None:
        """Take what reads the list anew, from another thread."""
        self._missed = missed

    def put(self, tickers: Mapping[str, str], *, read_at: float) -> None:
        """Take a list, as it was at a monotonic time or later."""
        securities = {ticker: id_ for id_, ticker in sorted(tickers.items(), reverse=True)}
        self._lists = _Lists(tickers, securities, read_at)

    def still_holds(self, read_at: float) -> None:
        """Say that there is no newer list at this time."""
        if self._lists.tickers:
            self._lists = self._lists._replace(read_at=read_at)

    def ticker(self, security_id: str) -> str | None:
        """Return a security's ticker, None if there is no such security."""
        return self._found(self._lists.tickers, security_id)

    def security_id(self, ticker: str) -> str | None:
        """Return the id of the security with this ticker, None if there is none."""
        return self._found(self._lists.securities, ticker)

    def _found(self, known: Mapping[str, str], name: str) -> str | None:
        found = known.get(name)
        if found is None and self._clock() - self._lists.read_at > READ_AT_MOST_EVERY:
            self._missed()
            raise UnavailableError("the list of securities is being read from security-service")
        return found


@dataclass(frozen=True, slots=True)
class _Read:
    """Symbols → itself: read the list."""


class Symbols(Actor):
    """Reads the list, keeps the last good one while security-service is away."""

    def __init__(
        self,
        *,
        service: SecurityService,
        board: SymbolBoard,
        health: Health,
        metrics: GatewayMetrics,
    ) -> None:
        super().__init__()
        self._service = service
        self._board = board
        self._health = health
        self._metrics = metrics
        self._is_known = False
        self._tried_at = -inf
        self._retries = Retries(first=0.5, cap=30.0)
        self._outage = Outage(
            "the list of securities can't be read, the last one is kept",
            "the list of securities is read again",
        )

    def boot(self) -> None:
        self._board.when_missed(lambda: self._tell_self(SymbolMissed()))
        self.actor_ref.tell(_Read())

    def receive(self, message: SymbolMissed | _Read) -> None:
        match message:
            case SymbolMissed():
                if monotonic() - self._tried_at > READ_AT_MOST_EVERY:
                    self._read()
            case _Read():
                good = self._read()
                self.tell_later(READ_EVERY if good else self._retries.next_wait(), _Read())
            case _:
                assert_never(message)

    def _read(self) -> bool:
        began = monotonic()
        try:
            tickers = self._service.all_tickers()
        except UnavailableError as error:
            self._outage.begin(str(error))
            self._board.still_holds(began)
            if not self._is_known:
                self._health.down(Part.SYMBOLS, str(error))
            return False
        finally:
            self._tried_at = monotonic()
        self._board.put(tickers, read_at=began)
        self._is_known = True
        self._retries.reset()
        self._outage.end()
        self._metrics.symbols.set(len(tickers))
        self._health.up(Part.SYMBOLS)
        return True
