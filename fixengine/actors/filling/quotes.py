"""Prices for each claim, which are asked for ahead while much is due."""

from collections.abc import Callable
from math import inf
from time import monotonic

from loguru import logger

from fixengine.actors.messages import GetPrices, Prices
from fixengine.actors.pricing import BULK_FROM, REPLY_WITHIN
from fixengine.errors import UnavailableError
from fixengine.supervision.refs import ActorRef, Question, ask

FRESH_FOR = 1.0
"""Seconds after which prices that were asked for ahead are too old for a claim."""

MISSED_FOR = 10.0
"""Seconds after a vain question for prices. Only prices end an outage within this time: a claim
of nothing, which needs no prices, does not.
"""

_TIMEOUT = 5.0  # seconds

assert 2 * REPLY_WITHIN < _TIMEOUT, "what was asked for ahead may be answered first"


class Quotes:
    """Asks the pricing actor.

    Where one claim needed all prices, the next will too. So they are asked for while the database
    stores the first claim and looks for what else is due. The next claim then waits for the slower
    of the two instead of both, and its rows are locked for a shorter time.
    """

    def __init__(self, pricing: ActorRef, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._pricing = pricing
        self._expected: frozenset[str] = frozenset()
        self._asked: frozenset[str] = frozenset()
        self._ahead: Question[Prices] | None = None
        self._asked_at = 0.0
        self._missed_at = -inf

    @property
    def missed_lately(self) -> bool:
        """Whether prices could not be had a moment ago, and none have been had since."""
        return self._clock() - self._missed_at < MISSED_FOR

    def ask_ahead(self) -> None:
        """Ask for what the next claim will need, if that is known and nobody has asked yet."""
        if self._ahead is not None and self._clock() - self._asked_at < FRESH_FOR:
            return
        self._ahead = None
        self._asked, self._expected = self._expected, frozenset()
        if len(self._asked) >= BULK_FROM:
            self._ahead = Question(self._pricing, GetPrices(tickers=self._asked))
            self._asked_at = self._clock()

    def prices(self, tickers: frozenset[str]) -> Prices:
        """Return fresh prices of the claim's tickers, and maybe of others.

        Raises UnavailableError.
        """
        try:
            ahead = self._answer()
            prices = self._ask(tickers) if ahead is None else self._completed(ahead, tickers)
        except UnavailableError:
            self._missed_at = self._clock()
            raise
        self._missed_at = -inf
        self._expected = tickers
        return prices

    def _answer(self) -> Prices | None:
        """Return the prices that were asked for ahead, None when they were not, or are too old."""
        question, self._ahead = self._ahead, None
        if question is None or self._clock() - self._asked_at > FRESH_FOR:
            return None
        return question.reply(timeout=_TIMEOUT)

    def _completed(self, ahead: Prices, tickers: frozenset[str]) -> Prices:
        """Ask for the other tickers of the claim; where they have no prices now, go on without."""
        # what was asked for and did not come would not come now
        missing = tickers - self._asked - ahead.known.keys()
        if not missing:
            return ahead
        try:
            late = self._ask(missing)
        except UnavailableError as error:
            if tickers.isdisjoint(ahead.known):
                raise
            logger.bind(reason=str(error)).debug("prices of some tickers are missing")
            return ahead
        return Prices(known={**ahead.known, **late.known}, unknown=ahead.unknown | late.unknown)

    def _ask(self, tickers: frozenset[str]) -> Prices:
        return ask(self._pricing, GetPrices(tickers=tickers), timeout=_TIMEOUT)
