"""The suite's measurements of a consumer."""

from collections import Counter as Tally
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fixengine.telemetry.metrics import SERVICE

UNKNOWN_PARTITION = "unknown"

_PROCESSING_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LATENCY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class ConsumerMetrics:
    """The suite's Kafka instruments.

    A record counts once, when its fate is final. Records are worked on in batches: a batch's
    processing time is divided evenly among its records, so that the sum of the histogram and the
    processing counter are the time the engine was busy, and processed records divided by it are
    the rate it can serve. It is whole with thirteen attributes, most of which are a metric each.
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
        self,
        partition: int,
        *,
        success: bool,
        seconds: Collection[float],
        latencies: Iterable[float],
    ) -> None:
        """Count records whose fate is final: the seconds spent on each, and latencies if known."""
        fate = self._fates.get((partition, success))
        if fate is None:
            fate = self._fates[partition, success] = self._fate(str(partition), success=success)
        fate.records.inc(len(seconds))
        fate.processing.inc(sum(seconds))
        for each in seconds:
            fate.duration.observe(each)
        for latency in latencies:
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
