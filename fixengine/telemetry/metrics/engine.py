"""What the engine measures of its own work."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fixengine.telemetry.metrics.changes import CALL_BUCKETS
from fixengine.telemetry.metrics.process import ProcessMetrics

_CLAIM_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class EngineMetrics(ProcessMetrics):
    """What the engine says about its own work: an attribute for each metric.

    They are in one place, as docs/metrics.md lists them.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry)
        self.fills = Counter(
            "fixengine_fills_total",
            "Evaluations stored, by outcome: full, part, or none when nothing was filled",
            ("outcome",),
            registry=registry,
        )
        self.unpriced = Counter(
            "fixengine_unpriced_total",
            "Evaluations put off because there was no price",
            registry=registry,
        )
        self.claim_size = Histogram(
            "fixengine_claim_size",
            "Executions in a claim",
            buckets=_CLAIM_BUCKETS,
            registry=registry,
        )
        self.due = Gauge(
            "fixengine_due_executions", "Executions that are due, up to 10,000", registry=registry
        )
        self.oldest_due_age = Gauge(
            "fixengine_oldest_due_age_seconds",
            "How long the longest due execution has been due",
            registry=registry,
        )
        self.outbox_depth = Gauge(
            "fixengine_outbox_depth",
            "Fills in the database that the broker has not acknowledged",
            registry=registry,
        )
        self.numbers_left = Gauge(
            "fixengine_execution_numbers_left_ratio",
            "Share of the 2^31 numbers for executions that none has had yet",
            registry=registry,
        )
        self.numbers_left.set(1)  # until it is read
        self.published = Counter(
            "fixengine_fills_published_total",
            "Fills acknowledged by the broker and marked",
            registry=registry,
        )
        self.taken_over = Counter(
            "fixengine_fills_taken_over_total",
            "Fills of engines that are gone, published by this one",
            registry=registry,
        )
        self.possibly_repeated = Counter(
            "fixengine_fills_possibly_repeated_total",
            "Fills that the broker acknowledged here after another engine had taken them over",
            registry=registry,
        )
        self.forgotten = Counter(
            "fixengine_executions_deleted_total",
            "Closed executions that were no longer kept",
            registry=registry,
        )
        self.dead_letters = Counter(
            "fixengine_dead_letters_total",
            "Dead letters acknowledged by the broker",
            registry=registry,
        )
        self.letters_shortened = Counter(
            "fixengine_dead_letters_shortened_total",
            "Dead letters of which the broker took but a part",
            registry=registry,
        )
        self.letters_waiting = Gauge(
            "fixengine_dead_letters_waiting",
            "Dead letters that are not written; the offsets of their partitions wait for them",
            registry=registry,
        )
        self.price_seconds = Histogram(
            "fixengine_price_seconds",
            "Duration of price look-ups for a claim",
            ("result",),
            buckets=CALL_BUCKETS,
            registry=registry,
        )
        self.security_seconds = Histogram(
            "fixengine_security_seconds",
            "Duration of calls to security-service",
            ("result",),
            buckets=CALL_BUCKETS,
            registry=registry,
        )
