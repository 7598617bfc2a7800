"""Back-pressure: no more fills are made while enough of them are on their way to the broker."""

from collections.abc import Callable
from time import monotonic

from fixengine.actors.filling.limits import FillLimits


class BackPressure:
    """Counts the fills between the database and the broker.

    A broker that is slower than claims is normal and nothing to tell of. A silent one is not.
    """

    def __init__(self, limits: FillLimits, clock: Callable[[], float] = monotonic) -> None:
        self._enough = limits.enough_unpublished
        self._silence = limits.silence
        self._clock = clock
        self._on_their_way = 0
        self._heard_at = 0.0
        self.is_on = False

    def sent(self, fills: int) -> None:
        """Take note of fills that were handed to the publisher."""
        self._on_their_way += fills

    def arrived(self, fills: int) -> bool:
        """Take note of fills that the broker has; say whether this ends the pressure."""
        self._on_their_way -= fills
        self._heard_at = self._clock()
        ends = self.is_on and self._on_their_way < self._enough // 2
        if ends:
            self.is_on = False
        return ends

    def look(self) -> bool:
        """Decide before a claim whether it has to wait; say so."""
        if not self.is_on and self._on_their_way >= self._enough:
            self.is_on = True
            self._heard_at = self._clock()
        return self.is_on

    def is_silent(self) -> bool:
        """Say whether fills wait for a broker that has acknowledged none for a while."""
        return self.is_on and self._clock() - self._heard_at > self._silence
