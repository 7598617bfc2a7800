"""Metrics to a collector over OTLP gRPC: the registry that Prometheus reads, in OTLP's words.

Loaded only where a collector is named: HTTP/2 and OTLP's messages take some 4 MB.
"""

import time
from collections.abc import Iterable, Mapping
from itertools import groupby, pairwise
from math import inf

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.metrics.v1 import metrics_pb2 as otlp
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.samples import Sample

from fixengine import __version__
from fixengine.config.collector import Collector
from fixengine.infra.otlp.exporter import Exporter, Send
from fixengine.infra.otlp.words import Refusals, add_attributes, resource_of

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
        self._resource = resource_of(resource)
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
    """Return a request with what a registry has now, since it began.

    Both times are in nanoseconds since 1970. Metrics have the names of their samples.
    """
    made = ExportMetricsServiceRequest()
    scope = made.resource_metrics.add(resource=resource).scope_metrics.add()
    scope.scope.name = "fixengine"
    scope.scope.version = __version__
    for family in registry.collect():
        _add_metric(scope, family, began=began, now=now)
    return made


def _add_metric(scope: otlp.ScopeMetrics, family: Metric, *, began: int, now: int) -> None:
    made = scope.metrics.add(
        name=family.name, description=family.documentation, unit=unit_of(family.name)
    )
    match family.type:
        case "counter":
            made.name += "_total"
            made.sum.is_monotonic = True
            made.sum.aggregation_temporality = _CUMULATIVE
            _add_numbers(made.sum, family.samples, began=began, now=now)
        case "histogram":
            made.histogram.aggregation_temporality = _CUMULATIVE
            _add_histograms(made.histogram, family.samples, began=began, now=now)
        case "gauge":
            made.gauge.SetInParent()
            _add_numbers(made.gauge, family.samples, began=0, now=now)
        case _:
            raise ValueError(f"{family.name} is of a type that is not exported: {family.type}")


def unit_of(name: str) -> str:
    """Return a metric's unit as its name says it, empty for what has none."""
    words = name.removesuffix("_total").split("_")
    return next((_UNITS[word] for word in reversed(words) if word in _UNITS), "")


def _add_numbers(
    to: otlp.Sum | otlp.Gauge, samples: Iterable[Sample], *, began: int, now: int
) -> None:
    for sample in samples:
        point = to.data_points.add(
            as_double=sample.value, start_time_unix_nano=began, time_unix_nano=now
        )
        add_attributes(point.attributes, sample.labels)


def _add_histograms(to: otlp.Histogram, samples: Iterable[Sample], *, began: int, now: int) -> None:
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
        point = to.data_points.add(
            count=int(of["count"]),
            sum=of["sum"],
            explicit_bounds=[bound for bound in below if bound != inf],
            bucket_counts=counts,
            start_time_unix_nano=began,
            time_unix_nano=now,
        )
        add_attributes(point.attributes, dict(labelled))
