"""/metrics, and the suite's measurements of requests."""

from time import perf_counter

import falcon
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from fixengine.http.rest.operations import Operation
from fixengine.telemetry.metrics.http import HttpMetrics

UNMEASURED = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths that count nothing: they are asked by machines, every few seconds."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """Everything in a registry, in the format that the client prefers."""

    operation = Operation(
        summary="Metrics for Prometheus",
        answer=str,
        media_type="text/plain",
    )

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with Prometheus's text, or OpenMetrics when asked for it."""
        encode, resp.content_type = choose_encoder(req.get_header("Accept") or "")
        resp.data = encode(self._registry)


class Measure:
    """Middleware that counts and times requests, by route so that labels are few."""

    def __init__(self, metrics: HttpMetrics) -> None:
        self._metrics = metrics

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Begin, unless the path is not measured."""
        if req.path not in UNMEASURED:
            req.context.started = perf_counter()
            self._metrics.in_flight.inc()

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _resource: object, _succeeded: bool
    ) -> None:
        """Count what was begun."""
        started = req.context.get("started")
        if started is None:
            return
        self._metrics.in_flight.dec()
        self._metrics.duration.observe((perf_counter() - started) * 1000)
        self._metrics.requests.labels(
            method=req.method if req.method in _METHODS else "other",
            path=req.uri_template or "unmatched",
            status=str(falcon.http_status_to_code(resp.status)),
        ).inc()
