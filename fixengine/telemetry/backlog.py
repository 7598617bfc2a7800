"""What the watch over the database saw lately: the backlog, and how fast the ledger grows."""

from dataclasses import dataclass

from fixengine.ports.stores import Backlog

WINDOW = 10.0
"""Seconds that a look counts, or until the next but one has been due."""


class RecentBacklog:
    """Written by one thread, read by any, and nobody waits. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._looks: tuple[_Look, ...] = ()

    def saw(self, backlog: Backlog, *, now: float, next_in: float = 0) -> None:
        """Take note of a look; the next one comes within `next_in` seconds."""
        until = now + max(WINDOW, 2 * next_in)
        self._looks = (*self._recent(now), _Look(backlog=backlog, at=now, until=until))

    def backlog(self, *, now: float) -> Backlog | None:
        """Return the last look, None when there was none lately."""
        looks = self._recent(now)
        return looks[-1].backlog if looks else None

    def fills_per_second(self, *, now: float) -> float | None:
        """Return how fast the ledger grew lately, all engines together; None when unknown."""
        looks = self._recent(now)
        if len(looks) < 2:
            return None
        first, last = looks[0], looks[-1]
        growth = last.backlog.ledger_inserts - first.backlog.ledger_inserts
        # a database that was restored or promoted counts from the beginning
        return growth / (last.at - first.at) if growth >= 0 else None

    def _recent(self, now: float) -> "tuple[_Look, ...]":
        return tuple(look for look in self._looks if now <= look.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A look, when it was, and until when it counts."""

    backlog: Backlog
    at: float
    until: float
