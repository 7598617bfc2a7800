"""Spans to a collector over OTLP gRPC. Loaded only where a collector is named."""

from collections import deque
from collections.abc import Mapping
from contextlib import AbstractContextManager

import grpc
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from fixengine import __version__
from fixengine.infra.otlp import Exporter, open_channel
from fixengine.tracing import Context, Kind, Span

MOST_WAITING = 10_000
"""Spans that wait for a collector; beyond them the oldest are lost."""

_INTERVAL = 1.0
_LARGEST_BATCH = 512
_SCOPE = InstrumentationScope("fixengine", __version__)
_KINDS = {
    Kind.CONSUMER: trace.SpanKind.CONSUMER,
    Kind.PRODUCER: trace.SpanKind.PRODUCER,
    Kind.CLIENT: trace.SpanKind.CLIENT,
    Kind.INTERNAL: trace.SpanKind.INTERNAL,
}


class SpanExport:
    """Takes spans from any thread without waiting, and exports them from its own.

    From `start` to `stop` statements and calls to the neighbours write spans too, in the scope
    of what they are made for and nowhere else, and tell the neighbours where the trace goes on.
    """

    def __init__(self, *, endpoint: str, insecure: bool, resource: Mapping[str, str]) -> None:
        """Take the collector's `host:port` or URL; `insecure` is about the former."""
        channel = open_channel(endpoint, insecure=insecure)
        self._resource = Resource(dict(resource))
        self._stub = TraceServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
        self._waiting: deque[ReadableSpan] = deque(maxlen=MOST_WAITING)
        self._batch: list[ReadableSpan] = []
        self._exporter = Exporter(
            "traces", channel=channel, interval=_INTERVAL, export=self._export
        )
        self._libraries = (PsycopgInstrumentor(), URLLib3Instrumentor())

    def start(self) -> None:
        """Begin; connections to the database that are open by then write no spans."""
        provider = TracerProvider(
            sampler=ParentBased(root=ALWAYS_OFF), resource=self._resource, shutdown_on_exit=False
        )
        provider.add_span_processor(_Taker(self._waiting))
        for library in self._libraries:
            library.instrument(tracer_provider=provider)
        self._exporter.start()

    def stop(self) -> None:
        """Export once more and end, within a second or so. Safe before the start, and twice."""
        for library in self._libraries:
            if library.is_instrumented_by_opentelemetry:
                library.uninstrument()
        self._exporter.stop()

    def take(self, span: Span) -> None:
        """Keep a span for the next export."""
        self._waiting.append(
            ReadableSpan(
                name=span.name,
                kind=_KINDS[span.kind],
                context=_place(span.context),
                parent=None if span.parent is None else _place(span.parent),
                resource=self._resource,
                attributes=span.attributes,
                links=[trace.Link(_place(link)) for link in span.links],
                status=trace.Status()
                if span.error is None
                else trace.Status(trace.StatusCode.ERROR, span.error),
                start_time=span.began,
                end_time=span.ended,
                instrumentation_scope=_SCOPE,
            )
        )

    def enter(self, context: Context) -> AbstractContextManager[object]:
        """Make this place in a trace the current one for libraries, in the calling thread."""
        return trace.use_span(trace.NonRecordingSpan(_place(context)))

    def _export(self, timeout: float) -> None:
        while self._waiting or self._batch:
            if not self._batch:
                size = min(len(self._waiting), _LARGEST_BATCH)
                self._batch = [self._waiting.popleft() for _ in range(size)]
            try:
                self._stub.Export(encode_spans(self._batch), timeout=timeout)
            except grpc.RpcError as error:
                # what the collector refuses it would refuse again
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    self._batch = []
                raise
            self._batch = []


class _Taker(SpanProcessor):
    """Takes what libraries write."""

    def __init__(self, waiting: deque[ReadableSpan]) -> None:
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
