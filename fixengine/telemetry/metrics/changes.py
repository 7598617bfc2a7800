"""What a desk measures, in an engine and in a gateway."""

from prometheus_client import CollectorRegistry, Counter, Histogram

CALL_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class ChangeMetrics:
    """Requests to cancel and replace."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.changes = Counter(
            "fixengine_changes_total",
            "Requests to cancel or replace, by outcome: done, why it is refused, or undecided",
            ("kind", "outcome"),
            registry=registry,
        )
        self.change_seconds = Histogram(
            "fixengine_change_seconds",
            "Time from a request to cancel or replace to its decision",
            buckets=CALL_BUCKETS,
            registry=registry,
        )
