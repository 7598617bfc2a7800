"""Whether this process's clock and the database's agree, as far as others rely on it."""

from collections.abc import Callable
from time import time

from prometheus_client import Gauge

from fixengine.rules.take_over_times import CLOCK_SKEW
from fixengine.telemetry.outage import Outage


class ClockWatch:
    """Tells the gauge how far they are apart, and the log where that is more than CLOCK_SKEW."""

    def __init__(self, gauge: Gauge, *, clock: Callable[[], float] = time) -> None:
        self._gauge = gauge
        self._clock = clock
        self._outage = Outage(
            "the clocks of this process and of the database are too far apart",
            "the clocks of this process and of the database agree again",
        )

    def now(self) -> float:
        """Return this process's time, in seconds since 1970."""
        return self._clock()

    def compare(self, database: float, *, asked_at: float) -> None:
        """Take the database's time, in seconds since 1970, for which it was asked at `asked_at`."""
        ahead = max(asked_at - database, 0) or min(self.now() - database, 0)
        self._gauge.set(ahead)
        if abs(ahead) > CLOCK_SKEW:
            how = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'}"
            self._outage.begin(f"this process's clock is {how} the database's: set them right")
        else:
            self._outage.end()
