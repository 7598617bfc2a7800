"""Requests are, byte by byte, those that OpenTelemetry's SDK and its exporters made."""

from pathlib import Path

import pytest
from google.protobuf import text_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client import CollectorRegistry

from fixengine.infra.otlp import metrics, traces
from fixengine.infra.otlp.words import resource_of
from fixengine.telemetry.spans import By, Context, Kind, Span, Thrown

Said = dict[str, str | int]

GOLDEN = Path(__file__).parent / "golden"
VERSION = "1.2.3"
RESOURCE = resource_of(
    {
        "service.version": VERSION,
        "service.name": "globeco-fix-engine",
        "service.namespace": "globeco",
    }
)
STATEMENT: Said = {
    "db.system": "postgresql",
    "db.name": "postgres",
    "db.statement": "select 1",
    "db.user": "me",
    "net.peer.name": "127.0.0.1",
    "net.peer.port": 5432,
}


@pytest.fixture(autouse=True)
def _version(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (metrics, traces):
        monkeypatch.setattr(module, "__version__", VERSION)


def place(number: int) -> Context:
    return Context(trace_id=bytes(range(16)), span_id=bytes([number] * 8), sampled=True)


def of_library(
    by: By,
    name: str,
    number: int,
    said: Said,
    error: str | None = None,
    thrown: Thrown | None = None,
) -> Span:
    return Span(
        by=by,
        name=name,
        kind=Kind.CLIENT,
        context=place(number),
        parent=place(9),
        began=1000 + number,
        ended=2000 + number,
        attributes=said,
        error=error,
        thrown=thrown,
    )


def thrown(kind: str, words: str, at: int) -> Thrown:
    return Thrown(kind=kind, words=words, stack=f"Traceback\n{kind}: {words}\n", at=at)


def get(path: str, **more: int) -> Said:
    said = {"http.method": "GET", "http.url": f"http://prices:8083{path}"}
    return {**said, **{f"http.{name}": value for name, value in more.items()}}


SPANS = (
    Span(
        name="process orders",
        kind=Kind.CONSUMER,
        context=place(1),
        parent=None,
        began=1001,
        ended=2001,
        attributes={"messaging.system": "kafka", "messaging.kafka.offset": 7},
        links=(place(2), place(3)),
    ),
    of_library(By.PSYCOPG, "postgres", 4, STATEMENT),
    of_library(By.URLLIB3, "GET", 5, get("/api/v1/prices", status_code=200)),
    Span(
        name="fill executions",
        kind=Kind.INTERNAL,
        context=place(9),
        parent=place(1),
        began=1009,
        ended=2009,
        attributes={"messaging.batch.message_count": 2},
        error="the database is not available",
    ),
    of_library(
        By.PSYCOPG,
        "postgres",
        6,
        STATEMENT,
        "SyntaxError: no",
        thrown("psycopg.errors.SyntaxError", "no", 1500),
    ),
    of_library(By.URLLIB3, "GET", 7, get("/nope", status_code=404), ""),
    of_library(
        By.URLLIB3,
        "GET",
        8,
        get("/x"),
        "TimeoutError: late",
        thrown("TimeoutError", "late", 1600),
    ),
    Span(
        name="fill",
        kind=Kind.PRODUCER,
        context=place(10),
        parent=place(1),
        began=1010,
        ended=2010,
        attributes={},
    ),
)


def test_a_request_with_spans_is_what_it_was() -> None:
    wanted = text_format.Parse((GOLDEN / "traces.txt").read_text(), ExportTraceServiceRequest())
    made = traces.request(SPANS, RESOURCE)
    assert made.SerializeToString() == wanted.SerializeToString()


def test_a_request_with_metrics_is_what_it_was(measured: CollectorRegistry) -> None:
    wanted = text_format.Parse((GOLDEN / "metrics.txt").read_text(), ExportMetricsServiceRequest())
    made = metrics.request(measured, RESOURCE, began=1000, now=2000)
    assert made.SerializeToString() == wanted.SerializeToString()
