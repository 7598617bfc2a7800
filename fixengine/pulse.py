"""What the watch over the database saw lately: the backlog, and how fast the ledger grows."""

from fixengine.ports import Backlog

WINDOW = 10.0
"""Seconds that a look counts."""


class Pulse:
    """Written by one thread, read by any, and nobody waits. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._looks: tuple[tuple[float, Backlog], ...] = ()

    def saw(self, backlog: Backlog, *, now: float) -> None:
        """Take note of a look."""
        self._looks = (*self._recent(now), (now, backlog))

    def backlog(self, *, now: float) -> Backlog | None:
        """Return the last look, None when there was none lately."""
        looks = self._recent(now)
        return looks[-1][1] if looks else None

    def fills_per_second(self, *, now: float) -> float | None:
        """Return how fast the ledger grew lately, all engines together; None when unknown."""
        looks = self._recent(now)
        if len(looks) < 2:
            return None
        (began, first), (ended, last) = looks[0], looks[-1]
        growth = last.ledger_inserts - first.ledger_inserts
        # a database that was restored or promoted counts from the beginning
        return growth / (ended - began) if growth >= 0 else None

    def _recent(self, now: float) -> tuple[tuple[float, Backlog], ...]:
        return tuple(look for look in self._looks if now - look[0] <= WINDOW)
