"""Prices for one claim after the other, asked for ahead while much is due."""

from collections.abc import Callable
from time import monotonic

from fixengine.actors.asking import Question, ask
from fixengine.actors.messages import ActorRef, GetPrices, Prices
from fixengine.actors.pricing import BULK_FROM

FRESH_FOR = 1.0
"""Seconds after which prices that were asked for ahead are of another time than the claim."""

_NOTHING = Prices(known={}, unknown=frozenset())


class Quotes:
    """Asks the pricing actor.

    Where one claim needed all prices the next one will. They can be asked for while the database
    looks for what is due: the claim waits for the slower of the two, not for both, and its rows
    are locked the shorter.
    """

    def __init__(
        self, pricing: ActorRef, *, patience: float, clock: Callable[[], float] = monotonic
    ) -> None:
        """Take the pricing actor, and for how many seconds it is waited for."""
        self._clock = clock
        self._pricing = pricing
        self._patience = patience
        self._expected: frozenset[str] = frozenset()
        self._ahead: Question | None = None
        self._asked_at = 0.0

    def ask_ahead(self) -> None:
        """Ask for what the claim that is now made will need, if that can be known."""
        self._ahead = None
        if len(self._expected) >= BULK_FROM:
            self._ahead = Question(self._pricing, GetPrices(tickers=self._expected))
            self._asked_at = self._clock()
        self._expected = frozenset()

    def prices(self, tickers: frozenset[str]) -> Prices:
        """Return fresh prices of the claim's tickers, and maybe of others.

        Raises UnavailableError.
        """
        ahead = self._answer()
        missing = tickers - ahead.known.keys() - ahead.unknown
        self._expected = tickers
        if not missing:
            return ahead
        late = self._ask(missing)
        return Prices(known={**ahead.known, **late.known}, unknown=ahead.unknown | late.unknown)

    def _answer(self) -> Prices:
        question, self._ahead = self._ahead, None
        if question is None or self._clock() - self._asked_at > FRESH_FOR:
            return _NOTHING
        prices: Prices = question.reply(timeout=self._patience)
        return prices

    def _ask(self, tickers: frozenset[str]) -> Prices:
        prices: Prices = ask(self._pricing, GetPrices(tickers=tickers), timeout=self._patience)
        return prices
