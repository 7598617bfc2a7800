"""What tests of exports send."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

import fixengine.telemetry.metrics  # noqa: F401  # switches off times of when a series was made


@pytest.fixture
def measured() -> CollectorRegistry:
    """Two counters, a gauge and two histograms, with values."""
    registry = CollectorRegistry()
    orders = Counter("orders_total", "Orders", ("topic",), registry=registry)
    orders.labels("a").inc(3)
    orders.labels("b").inc(0.5)
    Gauge("depth", "Depth", registry=registry).set(-2)
    took = Histogram("took_seconds", "Took", ("result",), buckets=(1, 5), registry=registry)
    for seconds in (0.5, 1, 3, 99):
        took.labels("good").observe(seconds)
    took.labels("bad").observe(6)
    return registry
