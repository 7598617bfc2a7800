"""The watch over the backlog: how far behind the engines are, counted as often as it is cheap."""

from time import monotonic

from loguru import logger

from fixengine.errors import SlowQueryError
from fixengine.ports.stores import Claims, OrderTable
from fixengine.rules.pace import Pace
from fixengine.telemetry.backlog import RecentBacklog
from fixengine.telemetry.clocks import ClockWatch
from fixengine.telemetry.metrics.engine import EngineMetrics


class BacklogWatch:
    """Tells the metrics, and the summary by way of `recent_backlog`."""

    def __init__(
        self,
        *,
        orders: OrderTable,
        claims: Claims,
        recent_backlog: RecentBacklog,
        metrics: EngineMetrics,
    ) -> None:
        self._orders = orders
        self._claims = claims
        self._recent_backlog = recent_backlog
        self._metrics = metrics
        self._clocks = ClockWatch(metrics.clock_ahead)
        self._pace = Pace(monotonic)

    @property
    def due(self) -> bool:
        """Whether it is time for a look."""
        return self._pace.due

    def look(self, *, checked_every: float) -> None:
        """Look, as part of a check that comes every so many seconds; raises UnavailableError."""
        began, asked_at = monotonic(), self._clocks.now()
        try:
            backlog = self._orders.backlog(self._claims.readable_since)
        except SlowQueryError as error:
            logger.bind(reason=str(error)).debug("how far behind the engines are is not known")
            return
        finally:
            now = monotonic()
            rest = self._pace.took(now - began)
        self._clocks.compare(backlog.clock, asked_at=asked_at)
        self._recent_backlog.saw(backlog, now=now, next_in=checked_every + rest)
        self._metrics.due.set(backlog.due)
        self._metrics.oldest_due_age.set(backlog.oldest_due_age)
        self._metrics.outbox_depth.set(backlog.unpublished)
        self._metrics.numbers_left.set(backlog.numbers_left)
