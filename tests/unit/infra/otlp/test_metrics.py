"""Prometheus' families in OTLP's words."""

from collections.abc import Iterable

import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from prometheus_client import CollectorRegistry, Histogram

from fixengine.infra.otlp.metrics import request, unit_of

BEGAN, NOW = 1_000, 2_000


def exported(registry: CollectorRegistry) -> Iterable[Metric]:
    made = request(registry, Resource(), began=BEGAN, now=NOW)
    return made.resource_metrics[0].scope_metrics[0].metrics


def test_counters_gauges_and_histograms_keep_names_labels_and_values(
    measured: CollectorRegistry,
) -> None:
    total, depth, seconds_taken = exported(measured)
    assert (total.name, total.description, total.unit) == ("orders_total", "Orders", "{order}")
    assert total.sum.is_monotonic
    assert [
        (point.attributes[0].key, point.attributes[0].value.string_value, point.as_double)
        for point in total.sum.data_points
    ] == [("topic", "a", 3), ("topic", "b", 0.5)]
    assert {
        (point.start_time_unix_nano, point.time_unix_nano) for point in total.sum.data_points
    } == {(BEGAN, NOW)}
    assert (depth.name, depth.gauge.data_points[0].as_double) == ("depth", -2)
    good, bad = seconds_taken.histogram.data_points
    assert seconds_taken.name == "took_seconds"
    assert (list(good.explicit_bounds), list(good.bucket_counts)) == ([1, 5], [2, 1, 1])
    assert (good.count, good.sum) == (4, 103.5)
    assert (bad.attributes[0].value.string_value, list(bad.bucket_counts)) == ("bad", [0, 0, 1])


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("kafka_consumer_messages_processed", "{message}"),
        ("kafka_consumer_messages_failed_total", "{message}"),
        ("kafka_consumer_records_polled", "{record}"),
        ("kafka_consumer_processing_seconds", "s"),
        ("kafka_consumer_processing_duration_seconds", "s"),
        ("kafka_consumer_message_latency_seconds", "s"),
        ("http_request_duration", "ms"),
        ("http_requests_in_flight", "{request}"),
        ("fixengine_fills_published", "{fill}"),
        ("fixengine_claim_size", "{execution}"),
        ("fixengine_execution_numbers_left_ratio", "1"),
        ("process_resident_memory_bytes", "By"),
        ("fixengine_up", ""),
    ],
)
def test_a_metric_has_the_unit_that_its_name_says(name: str, unit: str) -> None:
    assert unit_of(name) == unit


def test_a_histogram_without_labels_is_one_point() -> None:
    registry = CollectorRegistry()
    Histogram("took", "Took", buckets=(1,), registry=registry).observe(2)
    (metric,) = exported(registry)
    assert len(metric.histogram.data_points) == 1
