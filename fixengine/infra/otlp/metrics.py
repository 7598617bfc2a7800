"""Metrics to a collector over OTLP gRPC: the registry that Prometheus reads, in OTLP's words.

Loaded only where a collector is named: HTTP/2 and OTLP's messages take some 4 MB.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, pairwise
from math import inf

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.metrics.v1 import metrics_pb2 as otlp
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.samples import Sample

from fixengine import __version__
from fixengine.config.collector import Collector
from fixengine.infra.otlp.exporter import Exporter, Send
from fixengine.infra.otlp.words import Refusals, attributes

_UNITS = {
    "seconds": "s",
    "bytes": "By",
    "ratio": "1",
    "duration": "ms",  # the suite's measure of requests
    "messages": "{message}",
    "mailbox": "{message}",
    "records": "{record}",
    "requests": "{request}",
    "orders": "{order}",
    "letters": "{letter}",
    "fills": "{fill}",
    "outbox": "{fill}",
    "executions": "{execution}",
    "unpriced": "{execution}",
    "changes": "{change}",
    "claim": "{execution}",
    "partitions": "{partition}",
    "restarts": "{restart}",
    "lines": "{line}",
    "fds": "{file}",
}
"""Units of measures by the words in their names, in UCUM; things that are counted in braces."""

_PATH = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
_CUMULATIVE = otlp.AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


class MetricExport:
    """Exports a registry every so often from a thread of its own; nobody ever waits for it."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        collector: Collector,
        interval: float,
        resource: Mapping[str, str],
    ) -> None:
        """Take the collector, and the seconds between exports."""
        self._registry = registry
        self._resource = Resource(attributes=attributes(resource))
        self._began = time.time_ns()
        self._refusals = Refusals("metrics")
        exporter = Exporter(
            "metrics", collector=collector, path=_PATH, interval=interval, export=self._export
        )
        self.start, self.stop = exporter.start, exporter.stop

    def _export(self, send: Send) -> None:
        now = request(self._registry, self._resource, began=self._began, now=time.time_ns())
        answer = ExportMetricsServiceResponse.FromString(send(now.SerializeToString()))
        refused = answer.partial_success
        self._refusals.tell(refused.rejected_data_points, refused.error_message)


def request(
    registry: CollectorRegistry, resource: Resource, *, began: int, now: int
) -> ExportMetricsServiceRequest:
    """Return a request with what a registry has now, since it began."""
    metrics = [
        metric
        for family in registry.collect()
        for metric in converted(family, began=began, now=now)
    ]
    scope = otlp.ScopeMetrics(
        scope=InstrumentationScope(name="fixengine", version=__version__), metrics=metrics
    )
    return ExportMetricsServiceRequest(
        resource_metrics=[otlp.ResourceMetrics(resource=resource, scope_metrics=[scope])]
    )


def converted(family: Metric, *, began: int, now: int) -> Iterator[otlp.Metric]:
    """Yield a family's metrics, under the names of its samples, since the time `began`.

    Times are in nanoseconds since 1970.
    """
    unit = unit_of(family.name)
    match family.type:
        case "counter":
            points = _numbers(family.samples, began=began, now=now)
            yield otlp.Metric(
                name=f"{family.name}_total",
                description=family.documentation,
                unit=unit,
                sum=otlp.Sum(
                    data_points=points, is_monotonic=True, aggregation_temporality=_CUMULATIVE
                ),
            )
        case "histogram":
            histogram = otlp.Histogram(
                data_points=_histograms(family.samples, began=began, now=now),
                aggregation_temporality=_CUMULATIVE,
            )
            yield otlp.Metric(
                name=family.name,
                description=family.documentation,
                unit=unit,
                histogram=histogram,
            )
        case "gauge":
            yield otlp.Metric(
                name=family.name,
                description=family.documentation,
                unit=unit,
                gauge=otlp.Gauge(data_points=_numbers(family.samples, began=0, now=now)),
            )
        case _:
            raise ValueError(f"{family.name} is of a type that is not exported: {family.type}")


def unit_of(name: str) -> str:
    """Return a metric's unit as its name says it, empty for what has none."""
    words = name.removesuffix("_total").split("_")
    return next((_UNITS[word] for word in reversed(words) if word in _UNITS), "")


def _numbers(samples: Iterable[Sample], *, began: int, now: int) -> list[otlp.NumberDataPoint]:
    return [
        otlp.NumberDataPoint(
            attributes=attributes(sample.labels),
            as_double=sample.value,
            start_time_unix_nano=began,
            time_unix_nano=now,
        )
        for sample in samples
    ]


def _histograms(
    samples: Iterable[Sample], *, began: int, now: int
) -> Iterator[otlp.HistogramDataPoint]:
    def labels(sample: Sample) -> tuple[tuple[str, str], ...]:
        return tuple((name, text) for name, text in sample.labels.items() if name != "le")

    for labelled, group in groupby(samples, labels):
        below: dict[float, float] = {}
        of: dict[str, float] = {}
        for sample in group:
            if "le" in sample.labels:
                below[float(sample.labels["le"])] = sample.value
            else:
                of[sample.name.rpartition("_")[2]] = sample.value
        # Prometheus counts what is at or below a bound, OTLP what is between two of them
        counts = [int(high - low) for low, high in pairwise((0.0, *below.values()))]
        yield otlp.HistogramDataPoint(
            attributes=attributes(dict(labelled)),
            count=int(of["count"]),
            sum=of["sum"],
            explicit_bounds=[bound for bound in below if bound != inf],
            bucket_counts=counts,
            start_time_unix_nano=began,
            time_unix_nano=now,
        )
