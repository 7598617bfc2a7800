"""Spans wait for a collector in batches, and not for ever."""

import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as messages

from fixengine.config.collector import Collector
from fixengine.demo.waiting import wait_until
from fixengine.infra.otlp.answers import DEADLINE_EXCEEDED, UNAVAILABLE, CallError
from fixengine.infra.otlp.traces import (
    LARGEST_BATCH,
    MOST_BATCHES,
    MOST_WHILE_AWAY,
    SpanExport,
)
from fixengine.telemetry.spans import Context, Kind, Span

PLACE = Context(trace_id=bytes(range(16)), span_id=bytes(range(8)), sampled=True)


class Sent:
    """Takes requests, or fails as it is told."""

    def __init__(self) -> None:
        self.error: CallError | None = None
        self.answer = messages.ExportTraceServiceResponse()
        self.sizes: list[int] = []
        self.first: list[int] = []

    def __call__(self, request: bytes) -> bytes:
        if self.error is not None:
            raise self.error
        read = messages.ExportTraceServiceRequest.FromString(request)
        spans = [s for r in read.resource_spans for scope in r.scope_spans for s in scope.spans]
        self.sizes.append(len(spans))
        self.first.append(int(spans[0].name))
        return self.answer.SerializeToString()


@pytest.fixture
def exporting() -> SpanExport:
    return SpanExport(collector=Collector(target="127.0.0.1:1", tls=False), resource={})


def take(exporting: SpanExport, first: int, number: int) -> None:
    for name in range(first, first + number):
        exporting.take(
            Span(
                name=str(name),
                kind=Kind.INTERNAL,
                context=PLACE,
                parent=None,
                began=1,
                ended=2,
                attributes={},
            )
        )


def test_all_that_waits_is_sent_in_batches_and_in_order(exporting: SpanExport) -> None:
    sent = Sent()
    take(exporting, 0, 2 * LARGEST_BATCH + 1)
    exporting._export(sent)
    assert sent.sizes == [LARGEST_BATCH, LARGEST_BATCH, 1]
    assert sent.first == [0, LARGEST_BATCH, 2 * LARGEST_BATCH]
    exporting._export(sent)
    assert len(sent.sizes) == 3


def test_what_an_unavailable_collector_was_sent_is_sent_again(exporting: SpanExport) -> None:
    sent = Sent()
    sent.error = CallError(UNAVAILABLE, "nobody is there")
    take(exporting, 0, 3)
    with pytest.raises(CallError):
        exporting._export(sent)
    take(exporting, 3, 2)
    sent.error = None
    exporting._export(sent)
    assert (sent.sizes, sent.first) == ([3, 2], [0, 3])


def test_what_a_collector_refuses_is_not_sent_again(exporting: SpanExport) -> None:
    sent = Sent()
    for code in (DEADLINE_EXCEEDED, 3):
        sent.error = CallError(code, "it won't")
        take(exporting, 0, 3)
        with pytest.raises(CallError):
            exporting._export(sent)
    sent.error = None
    exporting._export(sent)
    assert sent.sizes == []


def test_of_too_many_that_wait_the_oldest_are_lost(exporting: SpanExport) -> None:
    sent = Sent()
    sent.error = CallError(UNAVAILABLE, "nobody is there")
    for batch in range(MOST_BATCHES + 3):
        take(exporting, batch * LARGEST_BATCH, LARGEST_BATCH)
        with pytest.raises(CallError):
            exporting._export(sent)
    sent.error = None
    exporting._export(sent)
    assert sent.sizes == [LARGEST_BATCH] * MOST_BATCHES
    assert sent.first[0] == 3 * LARGEST_BATCH


def test_fewer_wait_for_a_collector_that_is_known_to_be_away(
    exporting: SpanExport, events: list[str]
) -> None:
    sent = Sent()
    exporting.start()  # nobody listens there
    try:
        take(exporting, 0, MOST_BATCHES * LARGEST_BATCH)
        wait_until(lambda: events == ["exports wait for the collector"], 60, "the outage")
    finally:
        exporting.stop(60)  # a thread that went on would find nothing left to send, and say so
    take(exporting, MOST_BATCHES * LARGEST_BATCH, LARGEST_BATCH)
    exporting._export(sent)
    assert sent.sizes == [LARGEST_BATCH] * MOST_WHILE_AWAY
    assert sent.first[-1] == MOST_BATCHES * LARGEST_BATCH


def test_spans_that_a_collector_takes_only_in_part_are_told_of(
    exporting: SpanExport, events: list[str]
) -> None:
    sent = Sent()
    take(exporting, 0, 1)
    exporting._export(sent)
    assert events == []
    sent.answer.partial_success.rejected_spans = 1
    take(exporting, 0, 1)
    exporting._export(sent)
    assert events == ["the collector refuses a part of an export"]
