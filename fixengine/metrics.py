"""Every metric the engine exports, declared in one place."""

from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from fixengine.ports import ActorTree

SERVICE = "globeco-fix-engine"
UNKNOWN_PARTITION = "unknown"

# they double the series and tell nobody anything
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's omission

_PROCESSING_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LATENCY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_CALL_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_HTTP_BUCKETS_MS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000)
_CLAIM_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class ConsumerMetrics:
    """The suite's Kafka instruments.

    A record counts once, when its fate is final. Records are worked on in batches: a batch's
    processing time is divided evenly among its records, so that the sum of the histogram and the
    processing counter are the time the engine was busy, and processed records divided by it are
    the rate it can serve.
    """

    def __init__(self, registry: CollectorRegistry, *, group: str, topic: str) -> None:
        labels = ("service", "consumer_group", "topic", "partition")
        self._group = group
        self._topic = topic
        self._fates: dict[tuple[int, bool], _Fate] = {}
        self._processed = Counter(
            "kafka_consumer_messages_processed_total",
            "Records stored, or found stored already",
            labels,
            registry=registry,
        )
        self._failed = Counter(
            "kafka_consumer_messages_failed_total",
            "Records that became dead letters",
            labels,
            registry=registry,
        )
        self._processing = Counter(
            "kafka_consumer_processing_seconds_total",
            "Time spent on records, without waiting between retries",
            labels,
            registry=registry,
        )
        self._idle = Counter(
            "kafka_consumer_idle_seconds_total",
            "Time spent waiting for records, and between retries",
            labels,
            registry=registry,
        )
        self._polled = Counter(
            "kafka_consumer_records_polled_total",
            "Records that polls returned",
            labels,
            registry=registry,
        )
        self._poll = Counter(
            "kafka_consumer_poll_seconds_total", "Time spent in polls", labels, registry=registry
        )
        self._duration = Histogram(
            "kafka_consumer_processing_duration_seconds",
            "Processing time of a record: its share of its batch's",
            (*labels, "result"),
            buckets=_PROCESSING_BUCKETS,
            registry=registry,
        )
        self._latency = Histogram(
            "kafka_consumer_message_latency_seconds",
            "Time from a message's creation until its fate was final",
            (*labels, "result"),
            buckets=_LATENCY_BUCKETS,
            registry=registry,
        )
        self.unread = Counter(
            "fixengine_orders_deleted_unread_total",
            "Orders that the broker deleted before they were read",
            registry=registry,
        )
        self.assigned = Gauge(
            "fixengine_assigned_partitions",
            "Partitions of the orders topic that are this engine's to read",
            registry=registry,
        )

    def polled(self, seconds: float, partitions: Iterable[int]) -> None:
        """Count a poll that returned records of these partitions, one entry each, or none."""
        tally = Tally(map(str, partitions))
        for partition, records in tally.items():
            self._polled.labels(*self._labels(partition)).inc(records)
        total = tally.total()
        for partition, records in (tally or {UNKNOWN_PARTITION: 1}).items():
            share = seconds * records / (total or 1)
            self._poll.labels(*self._labels(partition)).inc(share)
            self._idle.labels(*self._labels(partition)).inc(share)

    def settled(
        self, partition: int, *, success: bool, seconds: float, latency: float | None
    ) -> None:
        """Count a record whose fate is final; `latency` is None when its creation is unknown."""
        fate = self._fates.get((partition, success))
        if fate is None:
            fate = self._fates[partition, success] = self._fate(str(partition), success=success)
        fate.records.inc()
        fate.processing.inc(seconds)
        fate.duration.observe(seconds)
        if latency is not None:
            fate.latency.observe(latency)

    def _fate(self, partition: str, *, success: bool) -> "_Fate":
        labels = self._labels(partition)
        result = "success" if success else "failure"
        return _Fate(
            records=(self._processed if success else self._failed).labels(*labels),
            processing=self._processing.labels(*labels),
            duration=self._duration.labels(*labels, result),
            latency=self._latency.labels(*labels, result),
        )

    def _labels(self, partition: str) -> tuple[str, str, str, str]:
        return (SERVICE, self._group, self._topic, partition)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fate:
    """A partition's instruments for records of one fate; to look them up takes longest."""

    records: Counter
    processing: Counter
    duration: Histogram
    latency: Histogram


class EngineMetrics:
    """What the engine says about its own work."""

    def __init__(self, registry: CollectorRegistry) -> None:
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
            buckets=_CALL_BUCKETS,
            registry=registry,
        )
        self.security_seconds = Histogram(
            "fixengine_security_seconds",
            "Duration of calls to security-service",
            ("result",),
            buckets=_CALL_BUCKETS,
            registry=registry,
        )
        self.log_lines_lost = Counter(
            "fixengine_log_lines_lost_total",
            "Lines of the log that were lost because nobody could read them",
            registry=registry,
        )
        self.up = Gauge(
            "fixengine_up",
            "Whether a part the engine needs is there: 1 or 0",
            ("part",),
            registry=registry,
        )


class ActorCollector(Collector):
    """Restarts and mailboxes of the actors, read when Prometheus asks."""

    def __init__(self, tree: ActorTree) -> None:
        self._tree = tree

    def collect(self) -> Iterator[Metric]:
        """Yield one sample of each family for each actor."""
        restarts = CounterMetricFamily(
            "fixengine_actor_restarts", "Restarts of an actor", labels=["actor"]
        )
        mailbox = GaugeMetricFamily(
            "fixengine_actor_mailbox_depth", "Messages that wait for an actor", labels=["actor"]
        )
        for actor in self._tree.snapshot():
            restarts.add_metric([actor.name], actor.restarts)
            mailbox.add_metric([actor.name], actor.mailbox_depth)
        yield restarts
        yield mailbox


class HttpMetrics:
    """The suite's HTTP instruments; `path` is the route's template."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "http_requests_total",
            "Requests answered",
            ("method", "path", "status"),
            registry=registry,
        )
        self.duration = Histogram(
            "http_request_duration",
            "Duration of requests in milliseconds",
            buckets=_HTTP_BUCKETS_MS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "http_requests_in_flight", "Requests being answered", registry=registry
        )
