"""When the fill scheduler takes its next step: one tick is to come at any time, never two."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from time import monotonic

from fixengine.supervision.timers import Timer


@dataclass(frozen=True, slots=True)
class Tick:
    """Fill scheduler → itself: fill what is due."""

    turn: int


class Alarm:
    """Sends ticks. Each choice of a time replaces the one before, and the tick that it had sent."""

    def __init__(
        self,
        *,
        tell: Callable[[Tick], object],
        tell_later: Callable[[float, Tick], Timer],
        apart: Callable[[], float],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take what sends a tick, and what tells how many seconds ticks keep apart now.

        They do where they are asked to.
        """
        self._tell = tell
        self._tell_later = tell_later
        self._apart = apart
        self._clock = clock
        self._timer: Timer | None = None
        self._turn = 0
        self._rings_at = inf
        self._rang_at = -inf

    def rings(self, tick: Tick) -> bool:
        """Say whether this tick counts; one that was replaced while it was under way does not."""
        if tick.turn != self._turn:
            return False
        self._rang_at = self._clock()
        return True

    def keep_no_distance(self) -> None:
        """Let the next tick come as close to the last one as it may."""
        self._rang_at = -inf

    def ring_in(self, seconds: float) -> None:
        """Let the next tick come in so many seconds."""
        if self._timer is not None:
            self._timer.cancel()
        self._turn += 1
        self._rings_at = self._clock() + seconds
        if seconds > 0:
            self._timer = self._tell_later(seconds, Tick(self._turn))
        else:
            self._tell(Tick(self._turn))

    def ring_apart_in(self, seconds: float) -> None:
        """Let the next tick come in so many seconds, but not too close to the last one."""
        self.ring_in(max(seconds, self._not_before() - self._clock()))

    def ring_within(self, seconds: float) -> None:
        """Do the same, unless the next tick comes earlier anyway."""
        if max(self._clock() + seconds, self._not_before()) < self._rings_at:
            self.ring_apart_in(seconds)

    def _not_before(self) -> float:
        return self._rang_at + self._apart()
