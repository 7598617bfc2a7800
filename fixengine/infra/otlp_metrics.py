"""Metrics to a collector over OTLP gRPC: the registry that Prometheus reads, in OTLP's words.

Loaded only where a collector is named: gRPC and its messages take some 15 MB.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, pairwise
from math import inf
from threading import Event, Thread
from urllib.parse import urlsplit

import grpc
from loguru import logger
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2 as otlp
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.samples import Sample

from fixengine import __version__

_LONGEST_EXPORT = 10.0
_LAST_EXPORT = 0.5  # seconds, for what happened since the one before
_CUMULATIVE = otlp.AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


class MetricExport:
    """Exports a registry every so often from a thread of its own; nobody ever waits for it."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        endpoint: str,
        insecure: bool,
        interval: float,
        resource: Mapping[str, str],
    ) -> None:
        """Take the collector's `host:port` or URL, and the seconds between exports.

        A URL's scheme says whether TLS is used, else `insecure` does.
        """
        self._registry = registry
        self._interval = interval
        self._resource = Resource(attributes=_attributes(resource))
        self._channel = _channel(endpoint, insecure=insecure)
        self._stub = MetricsServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated
        self._began = time.time_ns()
        self._over = Event()
        self._fails = False
        self._thread = Thread(target=self._run, name="otlp-metrics", daemon=True)

    def start(self) -> None:
        """Begin; the first export is one interval from now."""
        self._thread.start()

    def stop(self) -> None:
        """Export once more and end, within a second or so. Safe before the start, and twice."""
        if not self._over.is_set() and self._thread.is_alive():
            self._over.set()
            self._thread.join(2 * _LAST_EXPORT)
        self._channel.close()

    def _run(self) -> None:
        while not self._over.wait(self._interval):
            self._export(min(self._interval, _LONGEST_EXPORT))
        self._export(_LAST_EXPORT)

    def _export(self, timeout: float) -> None:
        now = time.time_ns()
        metrics = [
            metric
            for family in self._registry.collect()
            for metric in converted(family, began=self._began, now=now)
        ]
        scope = otlp.ScopeMetrics(
            scope=InstrumentationScope(name="fixengine", version=__version__), metrics=metrics
        )
        request = ExportMetricsServiceRequest(
            resource_metrics=[otlp.ResourceMetrics(resource=self._resource, scope_metrics=[scope])]
        )
        try:
            self._stub.Export(request, timeout=timeout)
        except (grpc.RpcError, ValueError) as error:  # ValueError: the channel is closed
            if not self._fails:
                reason = error.details() if isinstance(error, grpc.Call) else str(error)
                logger.bind(reason=reason).warning("metrics can't be exported, they will be later")
            self._fails = True
            return
        if self._fails:
            logger.info("metrics are exported again")
        self._fails = False


def converted(family: Metric, *, began: int, now: int) -> Iterator[otlp.Metric]:
    """Yield a family's metrics, under the names of its samples, since the time `began`.

    Times are in nanoseconds since 1970. The unit stays empty: names have it, and a collector would
    append it once more.
    """
    match family.type:
        case "counter":
            points = _numbers(family.samples, began=began, now=now)
            yield otlp.Metric(
                name=f"{family.name}_total",
                description=family.documentation,
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
                name=family.name, description=family.documentation, histogram=histogram
            )
        case "gauge":
            yield otlp.Metric(
                name=family.name,
                description=family.documentation,
                gauge=otlp.Gauge(data_points=_numbers(family.samples, began=0, now=now)),
            )
        case _:
            raise ValueError(f"{family.name} is of a type that is not exported: {family.type}")


def _numbers(samples: Iterable[Sample], *, began: int, now: int) -> list[otlp.NumberDataPoint]:
    return [
        otlp.NumberDataPoint(
            attributes=_attributes(sample.labels),
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

    for attributes, group in groupby(samples, labels):
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
            attributes=_attributes(dict(attributes)),
            count=int(of["count"]),
            sum=of["sum"],
            explicit_bounds=[bound for bound in below if bound != inf],
            bucket_counts=counts,
            start_time_unix_nano=began,
            time_unix_nano=now,
        )


def _attributes(texts: Mapping[str, str]) -> list[KeyValue]:
    return [KeyValue(key=name, value=AnyValue(string_value=text)) for name, text in texts.items()]


def _channel(endpoint: str, *, insecure: bool) -> grpc.Channel:
    if "://" in endpoint:
        url = urlsplit(endpoint)
        target, insecure = url.netloc, url.scheme == "http"
    else:
        target = endpoint
    if insecure:
        return grpc.insecure_channel(target)
    return grpc.secure_channel(target, grpc.ssl_channel_credentials())
