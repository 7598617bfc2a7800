"""The state of the whole at a glance, put together from what is cheap to know."""

from threading import Lock
from time import monotonic

from fixengine.actors.reading.reader_pool import ReaderPool
from fixengine.actors.reading.totals import Counter
from fixengine.errors import UnavailableError
from fixengine.ports.queries import Overview
from fixengine.telemetry.backlog import RecentBacklog

LAG_WITHIN = 0.5
"""Seconds that the broker is waited for."""

LAG_KEPT_FOR = 1.0
"""Seconds that a lag is good for."""

BROKER_LEFT_FOR = 5.0
"""Seconds that a broker which did not answer is not asked again."""


class Overviews:
    """What REST asks for an overview. Safe to use from several threads."""

    def __init__(self, *, readers: ReaderPool, recent_backlog: RecentBacklog) -> None:
        self._readers = readers
        self._recent_backlog = recent_backlog
        self._counter = Counter(readers.add_up)
        self._asking = Lock()
        self._lag: int | None = None
        self._lag_until = 0.0

    def overview(self) -> Overview:
        """Return what is known now.

        Raises UnavailableError when the database is away, and while a first count of a large
        table is under way.
        """
        totals = self._counter.totals()
        lag = self._latest_lag()
        now = monotonic()
        return Overview(
            totals=totals,
            backlog=self._recent_backlog.backlog(now=now),
            fills_per_second=self._recent_backlog.fills_per_second(now=now),
            lag=lag,
        )

    def _latest_lag(self) -> int | None:
        with self._asking:
            if monotonic() >= self._lag_until:
                try:
                    self._lag, good_for = self._readers.lag(LAG_WITHIN), LAG_KEPT_FOR
                except UnavailableError:
                    self._lag, good_for = None, BROKER_LEFT_FOR
                self._lag_until = monotonic() + good_for
            return self._lag
