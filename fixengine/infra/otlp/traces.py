"""Spans to a collector over OTLP gRPC. Loaded only where a collector is named."""

from collections import deque
from collections.abc import Mapping
from contextlib import AbstractContextManager

import grpc
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2 as otlp
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased

from fixengine import __version__
from fixengine.config.collector import Collector
from fixengine.infra.otlp.channel import Exporter, attributes, open_channel
from fixengine.secrets import known
from fixengine.telemetry.spans import Context, Kind, Span

MOST_WAITING = 10_000
"""Spans that wait for a collector; beyond them the oldest are lost."""

_INTERVAL_SECONDS = 1.0
"""Time between two exports."""

_LARGEST_BATCH = 512
"""Spans of one export at the most."""
_KINDS = {
    Kind.CONSUMER: otlp.Span.SpanKind.SPAN_KIND_CONSUMER,
    Kind.PRODUCER: otlp.Span.SpanKind.SPAN_KIND_PRODUCER,
    Kind.CLIENT: otlp.Span.SpanKind.SPAN_KIND_CLIENT,
    Kind.INTERNAL: otlp.Span.SpanKind.SPAN_KIND_INTERNAL,
}


class SpanExport:
    """Takes spans from any thread without waiting, and exports them from its own.

    From `start` to `stop` statements and calls to the neighbours write spans too, in the scope
    of what they are made for and nowhere else, and tell the neighbours where the trace goes on.
    """

    def __init__(self, *, collector: Collector, resource: Mapping[str, str]) -> None:
        """Take the collector, and what the spans are of."""
        channel = open_channel(collector)
        self._headers = collector.headers
        self._resource = resource
        self._stub = TraceServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
        self._waiting: deque[Span | ReadableSpan] = deque(maxlen=MOST_WAITING)
        self._batch: list[Span | ReadableSpan] = []
        self._exporter = Exporter(
            "traces",
            channel=channel,
            interval=_INTERVAL_SECONDS,
            timeout=collector.timeout,
            export=self._export,
        )
        self._libraries = (PsycopgInstrumentor(), URLLib3Instrumentor())

    def start(self) -> None:
        """Begin; connections to the database that are open by then write no spans."""
        provider = TracerProvider(
            sampler=ParentBased(root=ALWAYS_OFF),
            resource=Resource(dict(self._resource)),
            shutdown_on_exit=False,
        )
        provider.add_span_processor(_Taker(self._waiting))
        for library in self._libraries:
            library.instrument(tracer_provider=provider)
        self._exporter.start()

    def stop(self, within: float) -> None:
        """Export what is new and end, within so many seconds. Safe before the start, and twice."""
        for library in self._libraries:
            if library.is_instrumented_by_opentelemetry:
                library.uninstrument()
        self._exporter.stop(within)

    def take(self, span: Span) -> None:
        """Keep a span for the next export."""
        self._waiting.append(span)

    def enter(self, context: Context) -> AbstractContextManager[object]:
        """Make this place in a trace the current one for libraries, in the calling thread."""
        return trace.use_span(trace.NonRecordingSpan(_place(context)))

    def _export(self, timeout: float) -> None:
        while self._waiting or self._batch:
            if not self._batch:
                size = min(len(self._waiting), _LARGEST_BATCH)
                self._batch = [self._waiting.popleft() for _ in range(size)]
            try:
                self._stub.Export(self._request(), timeout=timeout, metadata=self._headers)
            except Exception as error:
                # what the collector refuses it would refuse again, and so would what is in our way
                if (
                    not isinstance(error, grpc.RpcError)
                    or error.code() is not grpc.StatusCode.UNAVAILABLE
                ):
                    self._batch = []
                raise
            self._batch = []

    def _request(self) -> ExportTraceServiceRequest:
        own = [span for span in self._batch if isinstance(span, Span)]
        request = encode_spans([span for span in self._batch if isinstance(span, ReadableSpan)])
        scope = otlp.ScopeSpans(
            scope=InstrumentationScope(name="fixengine", version=__version__),
            spans=map(_converted, own),
        )
        resource = resource_pb2.Resource(attributes=attributes(self._resource))
        request.resource_spans.append(otlp.ResourceSpans(resource=resource, scope_spans=[scope]))
        return request


class _Taker(SpanProcessor):
    """Takes what libraries write."""

    def __init__(self, waiting: deque[Span | ReadableSpan]) -> None:
        self._waiting = waiting

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is not None and span.context.trace_flags.sampled:
            self._waiting.append(span)


def _place(context: Context) -> trace.SpanContext:
    return trace.SpanContext(
        trace_id=int.from_bytes(context.trace_id),
        span_id=int.from_bytes(context.span_id),
        is_remote=False,
        trace_flags=trace.TraceFlags(int(context.sampled)),
    )


def _converted(span: Span) -> otlp.Span:
    """Convert one of our own: a fifth of what it takes by way of the SDK's."""
    return otlp.Span(
        name=span.name,
        kind=_KINDS[span.kind],
        trace_id=span.context.trace_id,
        span_id=span.context.span_id,
        parent_span_id=b"" if span.parent is None else span.parent.span_id,
        start_time_unix_nano=span.began,
        end_time_unix_nano=span.ended,
        attributes=attributes(span.attributes),
        links=[otlp.Span.Link(trace_id=link.trace_id, span_id=link.span_id) for link in span.links],
        status=otlp.Status()
        if span.error is None
        else otlp.Status(
            code=otlp.Status.StatusCode.STATUS_CODE_ERROR, message=known.hide(span.error)
        ),
    )
