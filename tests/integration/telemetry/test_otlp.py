"""Metrics reach a collector over OTLP gRPC, and a collector that is away costs nothing."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice

import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1 import (
    metrics_service_pb2 as messages,
)
from opentelemetry.proto.collector.metrics.v1 import (
    metrics_service_pb2_grpc as services,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, ResourceMetrics

from fixengine import __version__
from fixengine.demo.feed.feed import orders
from fixengine.demo.waiting import wait_until
from fixengine.engine.engine import Engine
from tests.support.collectors import grpc_server
from tests.support.engines import Surroundings, total, wait_until_ready

pytestmark = pytest.mark.any_broker

ORDERS = 30
COUNTER = "kafka_consumer_messages_processed_total"


class Collector(services.MetricsServiceServicer):
    """Keeps what is exported to it."""

    def __init__(self) -> None:
        self.exports: list[ResourceMetrics] = []

    def Export(  # noqa: N802 - the protocol's name
        self, request: messages.ExportMetricsServiceRequest, context: grpc.ServicerContext
    ) -> messages.ExportMetricsServiceResponse:
        self.exports += request.resource_metrics
        return messages.ExportMetricsServiceResponse()

    def metrics(self) -> dict[str, Metric]:
        """The last export, by name."""
        scopes = self.exports[-1].scope_metrics if self.exports else []
        return {metric.name: metric for scope in scopes for metric in scope.metrics}

    def total(self, name: str) -> float:
        metric = self.metrics().get(name)
        return sum(point.as_double for point in metric.sum.data_points) if metric else 0.0


@contextmanager
def collecting(port: int) -> Iterator[Collector]:
    collector = Collector()
    add = partial(services.add_MetricsServiceServicer_to_server, collector)
    with grpc_server(port, add):
        yield collector


def wait_until_heard(collector: Collector, engine: Engine) -> None:
    wait_until(
        lambda: collector.total(COUNTER) == total(engine, COUNTER) >= ORDERS,
        60,
        "the collector to have heard of all orders",
    )


def test_a_collector_gets_what_prometheus_gets(around: Surroundings) -> None:
    port = around.workspace.reserve_port()
    fed = tuple(islice(orders(seed=4), ORDERS))
    with (
        collecting(port) as collector,
        around.engine(
            OTEL_METRICENDPOINT=f"127.0.0.1:{port}",
            OTEL_METRICINTERVAL="200ms",
            OTEL_RESOURCE_ATTRIBUTES="k8s.pod.name=engine-7f, team=trading desk",
        ) as engine,
    ):
        around.send(*fed)
        around.wait_until_done(fed)
        wait_until_heard(collector, engine)
        exported = collector.exports[-1]
        families = {family.name: family.type for family in engine.registry.collect()}
    resource = {each.key: each.value.string_value for each in exported.resource.attributes}
    assert resource == {
        "service.name": "globeco-fix-engine",
        "service.version": __version__,
        "service.namespace": "globeco",
        "k8s.pod.name": "engine-7f",
        "team": "trading desk",
    }
    metrics = collector.metrics()
    assert set(metrics) == {
        f"{name}_total" if kind == "counter" else name for name, kind in families.items()
    }
    assert metrics[COUNTER].unit == "{message}"
    assert [name for name, metric in metrics.items() if not metric.unit] == ["fixengine_up"]
    latency = metrics["kafka_consumer_message_latency_seconds"].histogram.data_points
    assert sum(point.count for point in latency) >= ORDERS
    assert all(sum(point.bucket_counts) == point.count for point in latency)
    labels = {each.key for point in latency for each in point.attributes}
    assert labels == {"service", "consumer_group", "topic", "partition", "result"}


def test_what_happened_last_is_exported_when_the_engine_ends(around: Surroundings) -> None:
    port = around.workspace.reserve_port()
    fed = tuple(islice(orders(seed=4), ORDERS))
    with collecting(port) as collector:
        with around.engine(
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}", OTEL_METRICINTERVAL="1h"
        ) as engine:
            around.send(*fed)
            around.wait_until_done(fed)
            assert collector.exports == []
        assert collector.total(COUNTER) == total(engine, COUNTER) >= ORDERS


def test_a_collector_that_is_away_delays_nothing_and_is_found_later(
    around: Surroundings, events: list[str]
) -> None:
    port = around.workspace.reserve_port()
    fed = tuple(islice(orders(seed=4), ORDERS))
    away, back = "exports wait for the collector", "exports go on"
    with around.engine(
        OTEL_METRICENDPOINT=f"127.0.0.1:{port}", OTEL_METRICINTERVAL="100ms"
    ) as engine:
        wait_until_ready(engine)
        around.send(*fed)
        around.wait_until_done(fed)
        wait_until(lambda: away in events, 60, "the failure to be said")
        with collecting(port) as collector:
            wait_until(lambda: back in events, 60, "the collector to be found")
            wait_until_heard(collector, engine)
    assert events.count(back) == 1


def test_nothing_of_it_is_loaded_where_no_collector_is_named() -> None:
    program = """
import sys
from prometheus_client import CollectorRegistry
from fixengine.config import load
from fixengine.engine.engine import Engine
Engine(load({}), pod="engine", on_failure=print)
print([name for name in sys.modules if name.split(".")[0] in {"h2", "opentelemetry", "google"}])
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout == "[]\n"
