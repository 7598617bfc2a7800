"""When an ended child is started again, how soon, and when it is too often."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from time import monotonic


class Restart(StrEnum):
    """Which ends of a child are followed by a restart."""

    PERMANENT = "permanent"  # every end
    TRANSIENT = "transient"  # only a crash
    TEMPORARY = "temporary"  # no end at all

    def follows(self, *, crashed: bool) -> bool:
        """Say whether the end of such a child leads to a restart."""
        return self is Restart.PERMANENT or (self is Restart.TRANSIENT and crashed)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartIntensity:
    """At most `max_restarts` within any `period`, in seconds."""

    max_restarts: int
    period: float

    def __post_init__(self) -> None:
        if self.max_restarts < 0 or self.period <= 0:
            raise ValueError("max_restarts must not be negative, and period be positive")

    def __str__(self) -> str:
        return f"{self.max_restarts} restarts in {self.period:g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Up to `first` seconds before the first restart, doubling from one to the next to `cap`."""

    first: float
    cap: float

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.cap:
            raise ValueError("first must be positive, and cap must not be less")

    def longest(self, attempt: int) -> float:
        """Return the longest wait before restart number `attempt`, which counts from 1."""
        doublings = min(attempt - 1, 64)  # as a float, 2.0**1024 would overflow
        return min(self.cap, self.first * 2.0**doublings)

    def delay(self, attempt: int, rng: Random) -> float:
        """Draw the wait before restart number `attempt`: full jitter."""
        return rng.uniform(0, self.longest(attempt))


class RestartBudget:
    """Says whether there may be another restart, and how soon.

    The back-off grows with the number of restarts in the window, so that a quiet period
    resets it.
    """

    def __init__(
        self,
        *,
        intensity: RestartIntensity,
        backoff: Backoff,
        clock: Callable[[], float] = monotonic,
        rng: Random | None = None,
    ) -> None:
        self.intensity = intensity
        self._backoff = backoff
        self._clock = clock
        self._rng = rng or Random()  # noqa: S311 - jitter
        self._recent: tuple[float, ...] = ()

    def spend(self) -> float | None:
        """Count a restart; return the seconds to wait before it, None when it is one too many."""
        now = self._clock()
        since = now - self.intensity.period
        self._recent = (*(at for at in self._recent if at >= since), now)
        if len(self._recent) > self.intensity.max_restarts:
            return None
        return self._backoff.delay(len(self._recent), self._rng)
