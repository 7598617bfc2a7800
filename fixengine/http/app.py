"""The two WSGI applications: REST with everything, and the probes on a port of their own."""

from typing import TypeAlias

import falcon
from prometheus_client import CollectorRegistry

from fixengine.http.cors import Cors
from fixengine.http.executions import ExecutionCollection, ExecutionItem
from fixengine.http.health import Probe, Probes
from fixengine.http.metrics import Measure, Metrics
from fixengine.http.problems import add_error_handlers
from fixengine.metrics import HttpMetrics
from fixengine.ports import ExecutionReader

App: TypeAlias = falcon.App[falcon.Request, falcon.Response]


def rest_app(
    *,
    reader: ExecutionReader,
    probes: Probes,
    registry: CollectorRegistry,
    metrics: HttpMetrics,
) -> App:
    """Return the application for HTTP_PORT."""
    app = probe_app(probes=probes, registry=registry)
    app.add_middleware(Measure(metrics))
    collection = ExecutionCollection(reader)
    app.add_route("/api/v1/executions", collection)
    app.add_route("/api/v1/execution", collection)
    app.add_route("/api/v1/execution/{id}", ExecutionItem(reader))
    return app


def probe_app(*, probes: Probes, registry: CollectorRegistry) -> App:
    """Return the application for HEALTH_PORT, which nothing on the other port can hold up."""
    app: App = falcon.App()
    app.add_middleware(Cors())
    add_error_handlers(app)
    app.add_route("/healthz", Probe(probes.live))
    app.add_route("/readyz", Probe(probes.ready))
    app.add_route("/metrics", Metrics(registry))
    return app
