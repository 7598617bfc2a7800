"""Spans to a collector over OTLP gRPC. Loaded only where a collector is named."""

from collections import deque
from collections.abc import Iterable, Mapping
from threading import Lock

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2 as otlp

from fixengine import __version__
from fixengine.config.collector import Collector
from fixengine.infra.otlp.answers import UNAVAILABLE, CallError
from fixengine.infra.otlp.exporter import Exporter, Send
from fixengine.infra.otlp.words import Refusals, add_attributes, resource_of
from fixengine.secrets import known
from fixengine.telemetry.spans import By, Kind, Span, Thrown

LARGEST_BATCH = 512
"""Spans of one export at the most."""

MOST_BATCHES = 20
"""Full batches that wait for their export; beyond them the oldest are lost."""

MOST_WHILE_AWAY = 4
"""The same while the collector is away, perhaps for ever: memory that nobody gets back."""

_INTERVAL_SECONDS = 1.0
"""Time between two exports."""

_PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_KINDS = {
    Kind.CONSUMER: otlp.Span.SpanKind.SPAN_KIND_CONSUMER,
    Kind.PRODUCER: otlp.Span.SpanKind.SPAN_KIND_PRODUCER,
    Kind.CLIENT: otlp.Span.SpanKind.SPAN_KIND_CLIENT,
    Kind.INTERNAL: otlp.Span.SpanKind.SPAN_KIND_INTERNAL,
}

_FORM = "0.66b1"  # of the instrumentations whose form the spans of calls have
_SCHEMA = "https://opentelemetry.io/schemas/1.11.0"
_LIBRARIES = {By.PSYCOPG: "psycopg", By.URLLIB3: "urllib3"}
_PARENT_IS_KNOWN = 0x100  # the flag that says that the parent is of this process, or is not


class SpanExport:
    """Takes spans from any thread without waiting, and exports them from its own.

    As soon as there are enough for a batch they are written as it will be sent, which takes a
    fifth of the memory.
    """

    def __init__(self, *, collector: Collector, resource: Mapping[str, str]) -> None:
        """Take the collector, and what the spans are of."""
        self._resource = resource_of(resource)
        self._waiting: deque[Span] = deque()
        self._batches: deque[bytes] = deque()
        self._writing = Lock()
        self._refusals = Refusals("traces")
        self._exporter = Exporter(
            "traces",
            collector=collector,
            path=_PATH,
            interval=_INTERVAL_SECONDS,
            export=self._export,
        )
        self.start, self.stop = self._exporter.start, self._exporter.stop

    def take(self, span: Span) -> None:
        """Keep a span for the next export."""
        self._waiting.append(span)
        if len(self._waiting) >= LARGEST_BATCH and self._writing.acquire(blocking=False):
            try:
                self._write_batch()
            finally:
                self._writing.release()
            self._exporter.hurry()

    def _write_batch(self) -> None:
        size = min(len(self._waiting), LARGEST_BATCH)
        spans = [self._waiting.popleft() for _ in range(size)]
        self._batches.append(request(spans, self._resource).SerializeToString())
        while len(self._batches) > self._most():
            self._batches.popleft()

    def _most(self) -> int:
        return MOST_WHILE_AWAY if self._exporter.is_away else MOST_BATCHES

    def _export(self, send: Send) -> None:
        while self._batches or self._waiting:
            if not self._batches:
                with self._writing:
                    self._write_batch()
            batch = self._batches.popleft()
            try:
                answer = ExportTraceServiceResponse.FromString(send(batch))
            except CallError as error:
                # what the collector refuses it would refuse again
                if error.code == UNAVAILABLE and len(self._batches) < self._most():
                    self._batches.appendleft(batch)
                raise
            refused = answer.partial_success
            self._refusals.tell(refused.rejected_spans, refused.error_message)


def request(spans: Iterable[Span], resource: Resource) -> ExportTraceServiceRequest:
    """Return a request with these spans, those of libraries first."""
    by: dict[By, list[Span]] = {}
    for span in spans:
        by.setdefault(span.by, []).append(span)
    own = by.pop(By.ENGINE, None)
    made = ExportTraceServiceRequest()
    if by:
        libraries = made.resource_spans.add(resource=resource)
        for library, theirs in by.items():
            scope = libraries.scope_spans.add(schema_url=_SCHEMA)
            scope.scope.name = f"opentelemetry.instrumentation.{_LIBRARIES[library]}"
            scope.scope.version = _FORM
            _add(scope, theirs)
    if own:
        scope = made.resource_spans.add(resource=resource).scope_spans.add()
        scope.scope.name = "fixengine"
        scope.scope.version = __version__
        _add(scope, own)
    return made


def _add(scope: otlp.ScopeSpans, spans: Iterable[Span]) -> None:
    for span in spans:
        made = scope.spans.add(
            name=span.name,
            kind=_KINDS[span.kind],
            trace_id=span.context.trace_id,
            span_id=span.context.span_id,
            parent_span_id=b"" if span.parent is None else span.parent.span_id,
            start_time_unix_nano=span.began,
            end_time_unix_nano=span.ended,
            flags=0 if span.by is By.ENGINE else _PARENT_IS_KNOWN,
        )
        add_attributes(made.attributes, span.attributes)
        for link in span.links:
            made.links.add(trace_id=link.trace_id, span_id=link.span_id)
        made.status.SetInParent()
        if span.error is not None:
            made.status.code = otlp.Status.StatusCode.STATUS_CODE_ERROR
            made.status.message = known.hide(span.error)
        if span.thrown is not None:
            _add_event(made, span.thrown)


def _add_event(span: otlp.Span, thrown: Thrown) -> None:
    said = {
        "exception.type": thrown.kind,
        "exception.message": known.hide(thrown.words),
        "exception.stacktrace": known.hide(thrown.stack),
        "exception.escaped": "False",
    }
    event = span.events.add(name="exception", time_unix_nano=thrown.at)
    add_attributes(event.attributes, said)
