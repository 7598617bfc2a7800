"""What every process of actors measures: an engine, and a gateway."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from fixengine.telemetry.metrics.changes import ChangeMetrics


class ProcessMetrics(ChangeMetrics):
    """Whether it works and is heard, and what its desk does."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry)
        self.up = Gauge(
            "fixengine_up",
            "Whether a part that this process needs is there: 1 or 0",
            ("part",),
            registry=registry,
        )
        self.clock_ahead = Gauge(
            "fixengine_clock_ahead_seconds",
            "How far this process's clock is ahead of the database's; below 0: behind it",
            registry=registry,
        )
        self.log_lines_lost = Counter(
            "fixengine_log_lines_lost_total",
            "Lines of the log that were lost because nobody could read them",
            registry=registry,
        )
