"""The suite's measurements of requests."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_HTTP_BUCKETS_MS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000)


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
