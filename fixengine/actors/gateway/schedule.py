"""When the time alone asks something of a session: its machine's next deadline, its day's end."""

from collections.abc import Callable
from datetime import datetime
from math import inf

from fixengine.fix.settings import Moment
from fixengine.supervision.timers import Timer


class Schedule:
    """Has the session told at the earliest of these times; being told too early is no harm."""

    def __init__(self, tell_later: Callable[[float], Timer], *, day_ends: datetime | None) -> None:
        """Take what tells the session in so many seconds, and when its day ends; None: never."""
        self._tell_later = tell_later
        self._day_ends = day_ends
        self._timer: Timer | None = None
        self._told_at = inf  # monotonic

    def told(self) -> None:
        """Take note that the session was told: it may be told again."""
        self._told_at = inf

    def arm(self, due: float | None, now: Moment) -> None:
        """See to it that neither the machine's monotonic deadline is missed nor the day's end."""
        at = inf if due is None else due
        if self._day_ends is not None:
            at = min(at, now.ticks + (self._day_ends - now.utc).total_seconds())
        if at >= self._told_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._told_at = at
        self._timer = self._tell_later(max(at - now.ticks, 0))

    def day_is_over(self, now: Moment) -> bool:
        """Say, once, that the day has ended."""
        if self._day_ends is None or now.utc < self._day_ends:
            return False
        self._day_ends = None
        return True
