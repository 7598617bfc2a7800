"""The WSGI applications: REST of an engine and of a gateway, and the probes on their own port."""

from collections.abc import Mapping
from typing import TypeAlias

import falcon
from prometheus_client import CollectorRegistry

from fixengine.http.pages.blotter_page import blotter_page
from fixengine.http.pages.swagger_page import SwaggerUi, swagger_page
from fixengine.http.probes.health import Probe, Probes
from fixengine.http.probes.metrics import Measure, Metrics
from fixengine.http.rest.changing import ExecutionCancel, ExecutionReplace
from fixengine.http.rest.cors import Cors
from fixengine.http.rest.executions import ExecutionCollection, ExecutionFills, ExecutionItem
from fixengine.http.rest.fix_sessions import SessionCollection, SessionItem, SessionMessages
from fixengine.http.rest.openapi import OpenApi
from fixengine.http.rest.operations import Resource
from fixengine.http.rest.operators import Operators
from fixengine.http.rest.problems import add_error_handlers
from fixengine.http.rest.summary import SummaryItem
from fixengine.http.serving.router import Router
from fixengine.ports.desk import ChangeDesk
from fixengine.ports.fix_queries import SessionSource
from fixengine.ports.queries import ExecutionSource, OverviewSource
from fixengine.telemetry.metrics.http import HttpMetrics

App: TypeAlias = falcon.App[falcon.Request, falcon.Response]


def rest_app(
    *,
    executions: ExecutionSource,
    overviews: OverviewSource,
    probes: Probes,
    registry: CollectorRegistry,
    metrics: HttpMetrics,
    desk: ChangeDesk,
    operator_token: str | None,
) -> App:
    """Return the application for HTTP_PORT; without a token nobody may change anything."""
    collection = ExecutionCollection(executions)
    operators = Operators(operator_token)
    resources: dict[str, Resource] = {
        "/api/v1/executions": collection,
        "/api/v1/execution": collection,
        "/api/v1/execution/{id}": ExecutionItem(executions),
        "/api/v1/execution/{id}/fills": ExecutionFills(executions),
        "/api/v1/execution/{id}/cancel": ExecutionCancel(desk, operators),
        "/api/v1/execution/{id}/replace": ExecutionReplace(desk, operators),
        "/api/v1/summary": SummaryItem(overviews),
        **_observation(probes, registry),
    }
    app = _measured(resources, metrics)
    blotter = blotter_page()
    app.add_route("/", blotter)
    app.add_route("/blotter/{name}", blotter)
    return app


def gateway_app(
    *, sessions: SessionSource, probes: Probes, registry: CollectorRegistry, metrics: HttpMetrics
) -> App:
    """Return a gateway's application for HTTP_PORT, by which nobody can change anything."""
    resources: dict[str, Resource] = {
        "/api/v1/fix/sessions": SessionCollection(sessions),
        "/api/v1/fix/sessions/{session}": SessionItem(sessions),
        "/api/v1/fix/sessions/{session}/messages": SessionMessages(sessions),
        **_observation(probes, registry),
    }
    return _measured(resources, metrics)


def probe_app(*, probes: Probes, registry: CollectorRegistry) -> App:
    """Return the application for HEALTH_PORT, which nothing on the other port can hold up."""
    return _app(_observation(probes, registry))


def _observation(probes: Probes, registry: CollectorRegistry) -> dict[str, Resource]:
    return {
        "/healthz": Probe(probes.live, summary="Whether this process should be left to live"),
        "/readyz": Probe(probes.ready, summary="Whether this process can do its work now"),
        "/metrics": Metrics(registry),
    }


def _measured(resources: Mapping[str, Resource], metrics: HttpMetrics) -> App:
    app = _app(resources)
    app.add_middleware(Measure(metrics))
    operations = {path: resource.operation for path, resource in resources.items()}
    app.add_route("/openapi.json", OpenApi(operations))
    app.add_route("/swagger-ui", SwaggerUi())
    app.add_route("/swagger-ui/{name}", swagger_page())
    return app


def _app(resources: Mapping[str, Resource]) -> App:
    app: App = falcon.App(router=Router())
    app.add_middleware(Cors())
    add_error_handlers(app)
    for path, resource in resources.items():
        app.add_route(path, resource)
    return app
