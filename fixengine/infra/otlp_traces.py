"""Spans to a collector over OTLP gRPC. Loaded only where a collector is named."""

from collections import deque
from collections.abc import Mapping

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2 as otlp

from fixengine import __version__
from fixengine.infra.otlp import Exporter, attributes, open_channel
from fixengine.tracing import Kind, Span

MOST_WAITING = 10_000
"""Spans that wait for a collector; beyond them the oldest are lost."""

_INTERVAL = 1.0
_LARGEST_BATCH = 512
_KINDS = {
    Kind.CONSUMER: otlp.Span.SpanKind.SPAN_KIND_CONSUMER,
    Kind.PRODUCER: otlp.Span.SpanKind.SPAN_KIND_PRODUCER,
}


class SpanExport:
    """Takes spans from any thread without waiting, and exports them from its own."""

    def __init__(self, *, endpoint: str, insecure: bool, resource: Mapping[str, str]) -> None:
        """Take the collector's `host:port` or URL; `insecure` is about the former."""
        channel = open_channel(endpoint, insecure=insecure)
        self._resource = Resource(attributes=attributes(resource))
        self._stub = TraceServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
        self._waiting: deque[Span] = deque(maxlen=MOST_WAITING)
        self._batch: list[Span] = []
        exporter = Exporter("traces", channel=channel, interval=_INTERVAL, export=self._export)
        self.start, self.stop = exporter.start, exporter.stop

    def take(self, span: Span) -> None:
        """Keep a span for the next export."""
        self._waiting.append(span)

    def _export(self, timeout: float) -> None:
        while self._waiting or self._batch:
            if not self._batch:
                size = min(len(self._waiting), _LARGEST_BATCH)
                self._batch = [self._waiting.popleft() for _ in range(size)]
            try:
                self._stub.Export(self._request(self._batch), timeout=timeout)
            except grpc.RpcError as error:
                # what the collector refuses it would refuse again
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    self._batch = []
                raise
            self._batch = []

    def _request(self, spans: list[Span]) -> ExportTraceServiceRequest:
        scope = otlp.ScopeSpans(
            scope=InstrumentationScope(name="fixengine", version=__version__),
            spans=map(_converted, spans),
        )
        return ExportTraceServiceRequest(
            resource_spans=[otlp.ResourceSpans(resource=self._resource, scope_spans=[scope])]
        )


def _converted(span: Span) -> otlp.Span:
    return otlp.Span(
        name=span.name,
        kind=_KINDS[span.kind],
        trace_id=span.context.trace_id,
        span_id=span.context.span_id,
        parent_span_id=b"" if span.parent is None else span.parent.span_id,
        start_time_unix_nano=span.began,
        end_time_unix_nano=span.ended,
        attributes=attributes(span.attributes),
        status=otlp.Status()
        if span.error is None
        else otlp.Status(code=otlp.Status.StatusCode.STATUS_CODE_ERROR, message=span.error),
    )
