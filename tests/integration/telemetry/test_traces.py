"""A trace follows an order from its producer to the message of each fill."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from http.client import HTTPConnection
from itertools import islice
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as messages
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as services
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status

from fixengine import __version__
from fixengine.demo.feed.feed import orders
from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from fixengine.infra.postgres.statements import query
from tests.support.collectors import grpc_server
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.feed.mixed import bad_orders
from tests.support.rows import one

pytestmark = pytest.mark.any_broker

TRACE, PRODUCER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ORDERS = 10


class Collector(services.TraceServiceServicer):
    """Keeps what is exported to it."""

    def __init__(self) -> None:
        self.exports: list[ResourceSpans] = []

    def Export(  # noqa: N802 - the protocol's name
        self, request: messages.ExportTraceServiceRequest, context: grpc.ServicerContext
    ) -> messages.ExportTraceServiceResponse:
        self.exports += request.resource_spans
        return messages.ExportTraceServiceResponse()

    def spans(self, kind: Span.SpanKind.ValueType, by: str = "fixengine") -> list[Span]:
        return [
            span
            for export in self.exports
            for scope in export.scope_spans
            for span in scope.spans
            if span.kind == kind and scope.scope.name.endswith(by)
        ]


def attribute(span: Span, name: str) -> Any:
    (value,) = (each.value for each in span.attributes if each.key == name)
    return getattr(value, value.WhichOneof("value") or "")


@contextmanager
def collecting(port: int) -> Iterator[Collector]:
    collector = Collector()
    add = partial(services.add_TraceServiceServicer_to_server, collector)
    with grpc_server(port, add):
        yield collector


def test_a_trace_goes_from_the_producer_over_intake_and_fills_to_their_messages(
    around: Surroundings,
) -> None:
    port = around.workspace.reserve_port()
    first, *others = islice(orders(seed=4), ORDERS)
    header = ("traceparent", f"00-{TRACE}-{PRODUCER}-01".encode())
    fed = (
        replace(first, headers=(*first.headers, header)),
        *others,
        *islice(bad_orders(seed=4), 1),
    )
    with collecting(port) as collector:
        with around.engine(
            OTEL_TRACEENDPOINT=f"127.0.0.1:{port}", OTEL_RESOURCE_ATTRIBUTES="team=trading desk"
        ):
            around.send(*fed)
            around.wait_until_done(fed)
        of_records = collector.spans(Span.SPAN_KIND_CONSUMER)
        fills = {span.span_id.hex(): span for span in collector.spans(Span.SPAN_KIND_PRODUCER)}
    intakes = [span for span in of_records if span.status.code == Status.STATUS_CODE_UNSET]
    (dead,) = (span for span in of_records if span not in intakes)
    assert (dead.status.code, dead.status.message) == (Status.STATUS_CODE_ERROR, "dead letter")
    assert len({span.trace_id for span in intakes}) == len(intakes) == ORDERS
    (joined,) = (span for span in intakes if span.trace_id.hex() == TRACE)
    assert joined.parent_span_id.hex() == PRODUCER
    assert sum(not span.parent_span_id for span in intakes) == ORDERS - 1
    parents = {(span.trace_id, span.span_id) for span in intakes}
    assert {(span.trace_id, span.parent_span_id) for span in fills.values()} == parents
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in fills.values())
    published = read_topic(around.broker.bootstrap, around.topics.fills)
    for record in published:
        ((name, content),) = record.headers
        version, trace_id, span_id, flags = (content or b"").decode().split("-")
        assert (name, version, flags) == ("traceparent", "00", "01")
        assert fills[span_id].trace_id.hex() == trace_id
    assert around.count("fill where announced") == len(published)
    resource = {
        each.key: each.value.string_value for each in collector.exports[0].resource.attributes
    }
    assert resource == {
        "service.name": "globeco-fix-engine",
        "service.version": __version__,
        "service.namespace": "globeco",
        "team": "trading desk",
    }
    around.assert_the_ledger_holds(fed)


def test_a_change_is_in_the_trace_of_its_order_as_its_message_says(around: Surroundings) -> None:
    """One order is cancelled by REST; the time of the other is over when it comes."""
    port = around.workspace.reserve_port()
    asked = f"00-{TRACE}-{PRODUCER}-01"
    first, second = islice(orders(seed=4), 2)
    over = {**json.loads(second.value or b""), "expiresTimestamp": "2026-01-01T00:00:00Z"}
    with collecting(port) as collector:
        with around.engine(
            OTEL_TRACEENDPOINT=f"127.0.0.1:{port}",
            OPERATOR_TOKEN="a-token-for-operators",
            PUBLISH_EMPTY_FILLS="true",
            FILL_DELAY_FIRST="600",
        ) as engine:
            wait_until_ready(engine)
            around.send(first, replace(second, value=json.dumps(over).encode()))
            around.wait_for("change where kind = 'EXPIRE'", 1)
            around.wait_for("execution where is_open", 1)
            id_ = one(around.dsn, "select id from execution where is_open")
            headers = {"Authorization": "Bearer a-token-for-operators", "traceparent": asked}
            # not urllib3, whose calls this process traces
            with closing(HTTPConnection("127.0.0.1", engine._rest.port, timeout=60)) as client:
                client.request("POST", f"/api/v1/execution/{id_}/cancel", headers=headers)
                assert client.getresponse().status == 200
            around.wait_for("outbox", 0)
        of_orders = {span.trace_id: span for span in collector.spans(Span.SPAN_KIND_CONSUMER)}
        changes = {span.name: span for span in collector.spans(Span.SPAN_KIND_PRODUCER)}
    assert changes.keys() == {"cancel", "expire"}
    for change in changes.values():
        assert change.parent_span_id == of_orders[change.trace_id].span_id
        assert attribute(change, "fixengine.change.outcome") == "done"
        assert attribute(change, "fixengine.fill.number") == 1
    (link,) = changes["cancel"].links
    assert (link.trace_id.hex(), link.span_id.hex()) == (TRACE, PRODUCER)
    published = read_topic(around.broker.bootstrap, around.topics.fills)
    assert {content for record in published for _, content in record.headers} == {
        f"00-{change.trace_id.hex()}-{change.span_id.hex()}-01".encode()
        for change in changes.values()
    }


def test_statements_and_calls_are_part_of_the_traces_of_what_they_are_for(
    around: Surroundings,
) -> None:
    port = around.workspace.reserve_port()
    fed = tuple(islice(orders(seed=4), ORDERS))
    with collecting(port) as collector:
        with around.engine(OTEL_TRACEENDPOINT=f"127.0.0.1:{port}"):
            around.send(*fed)
            around.wait_until_done(fed)
        of_orders = collector.spans(Span.SPAN_KIND_CONSUMER)
        of_fills = collector.spans(Span.SPAN_KIND_PRODUCER)
        batches = {span.span_id: span for span in collector.spans(Span.SPAN_KIND_INTERNAL)}
        statements = collector.spans(Span.SPAN_KIND_CLIENT, by="psycopg")
        calls = collector.spans(Span.SPAN_KIND_CLIENT, by="urllib3")
    names = {span.name for span in batches.values()}
    assert names == {"find tickers", "store orders", "fill executions"}
    contexts = {(span.trace_id, span.span_id) for span in of_orders}
    for batch in batches.values():
        members = {(batch.trace_id, batch.parent_span_id)}
        members |= {(link.trace_id, link.span_id) for link in batch.links}
        assert members <= contexts
        assert attribute(batch, "messaging.batch.message_count") == len(members)
    for span in (*of_orders, *of_fills):
        assert span.links
        assert {link.span_id for link in span.links} <= batches.keys()
    for span in (*statements, *calls):
        batch = batches[span.parent_span_id]
        assert span.trace_id == batch.trace_id
        assert batch.start_time_unix_nano <= span.start_time_unix_nano
    told = {
        (attribute(span, "db.statement").encode(), batches[span.parent_span_id].name)
        for span in statements
    }
    assert told >= {
        (query("insert_orders"), "store orders"),
        (query("store_fills"), "fill executions"),
    }
    for service in (around.securities, around.prices):
        made = [span for span in calls if attribute(span, "http.url").startswith(service.url)]
        assert made
        assert {f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01" for span in made} <= {
            *service.traceparents
        }


def test_what_is_not_sampled_has_no_spans_of_statements_and_calls_either(
    around: Surroundings,
) -> None:
    port = around.workspace.reserve_port()
    fed = tuple(islice(orders(seed=4), ORDERS))
    with collecting(port) as collector:
        with around.engine(
            OTEL_TRACEENDPOINT=f"127.0.0.1:{port}", OTEL_TRACES_SAMPLER="always_off"
        ):
            around.send(*fed)
            around.wait_until_done(fed)
        assert collector.exports == []


def test_a_collector_that_is_away_delays_nothing_and_gets_what_waited(
    around: Surroundings, events: list[str]
) -> None:
    port = around.workspace.reserve_port()
    fed = tuple(islice(orders(seed=4), ORDERS))
    with around.engine(OTEL_TRACEENDPOINT=f"127.0.0.1:{port}"):
        around.send(*fed)
        around.wait_until_done(fed)
        wait_until(lambda: "exports wait for the collector" in events, 60, "the failure")
        with collecting(port) as collector:
            wait_until(lambda: "exports go on" in events, 60, "the collector")
            assert len(collector.spans(Span.SPAN_KIND_CONSUMER)) == ORDERS


def test_without_an_endpoint_messages_have_no_trace(around: Surroundings) -> None:
    fed = tuple(islice(orders(seed=4), 3))
    with around.engine():
        around.send(*fed)
        around.wait_until_done(fed)
    assert around.count("execution_trace") == 0
    records = read_topic(around.broker.bootstrap, around.topics.fills)
    assert {record.headers for record in records} == {()}
