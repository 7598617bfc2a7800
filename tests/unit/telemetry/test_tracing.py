"""Traces: whose they are, which are kept, and that a fill's place in one never changes."""

from time import time_ns

import pytest
from msgspec.structs import replace

from fixengine.actors.publishing.outgoing import fill_message
from fixengine.config import load
from fixengine.errors import UnavailableError
from fixengine.rules.values import Fill
from fixengine.telemetry.spans import (
    TRACEPARENT,
    Context,
    Kind,
    OrderTrace,
    Sampler,
    Span,
    fill_context,
)
from fixengine.telemetry.tracing import UNTRACED, Headers, SamplingTracer
from tests.support.executions import execution

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{SPAN}-01"


def traced(headers: Headers, **sampling: str) -> OrderTrace:
    tracer = SamplingTracer(load(sampling).sampler, lambda _: None)
    (trace,) = tracer.orders([headers])
    return trace


def test_the_header_is_read_and_written() -> None:
    context = Context.read(HEADER)
    assert context == Context(
        trace_id=bytes.fromhex(TRACE), span_id=bytes.fromhex(SPAN), sampled=True
    )
    assert str(context) == HEADER
    later = Context.read(f"01-{TRACE}-{SPAN}-02-of-a-later-version")
    assert later is not None
    assert not later.sampled


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "hello",
        f"00-{TRACE}-{SPAN}",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
    ],
)
def test_what_is_no_header_of_a_trace_is_passed_over(text: str | None) -> None:
    assert Context.read(text) is None


def test_an_order_joins_its_producers_trace() -> None:
    before = time_ns()
    order = traced((("other", b"x"), (TRACEPARENT, HEADER.encode())))
    assert order.context.trace_id.hex() == TRACE
    assert order.context.span_id.hex() != SPAN
    assert str(order.parent) == HEADER
    assert before <= order.began <= time_ns()


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"00-xyz"])
def test_an_order_without_a_usable_trace_begins_one(content: bytes | None) -> None:
    one, other = (traced(((TRACEPARENT, content),)) for _ in range(2))
    assert one.parent is None
    assert one.context.trace_id != other.context.trace_id


@pytest.mark.parametrize(
    ("sampler", "arg", "alone", "kept_by_parent", "dropped_by_parent"),
    [
        ("parentbased_always_on", "0", True, True, False),
        ("parentbased_always_off", "1", False, True, False),
        ("parentbased_traceidratio", "0", False, True, False),
        ("always_on", "0", True, True, True),
        ("always_off", "1", False, False, False),
        ("traceidratio", "0", False, False, False),
        ("traceidratio", "1", True, True, True),
    ],
)
def test_the_standard_samplers_choose(
    sampler: str, arg: str, alone: bool, kept_by_parent: bool, dropped_by_parent: bool
) -> None:
    found = [
        traced(headers, OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_SAMPLER_ARG=arg).context.sampled
        for headers in (
            (),
            ((TRACEPARENT, HEADER.encode()),),
            ((TRACEPARENT, f"{HEADER[:-2]}00".encode()),),
        )
    ]
    assert found == [alone, kept_by_parent, dropped_by_parent]


def test_a_share_keeps_the_traces_that_others_with_the_same_share_keep() -> None:
    half = Sampler(share=0.5)
    assert half.keeps(bytes(8) + bytes.fromhex("7fffffffffffffff"), None)
    assert not half.keeps(bytes(8) + bytes.fromhex("8000000000000000"), None)


def exporting(share: float) -> tuple[SamplingTracer, list[Span]]:
    exported: list[Span] = []
    return SamplingTracer(Sampler(share=share), exported.append), exported


def span_of(order: OrderTrace) -> Span:
    return Span(
        name="process orders",
        kind=Kind.CONSUMER,
        context=order.context,
        parent=None,
        began=0,
        ended=1,
        attributes={},
    )


@pytest.mark.parametrize("share", [0, 1])
def test_a_trace_that_is_not_kept_goes_on_but_is_not_exported(share: int) -> None:
    tracer, exported = exporting(share)
    (order,) = tracer.orders([()])
    assert str(order.context).endswith(f"-0{share}")
    tracer.ended([order], span_of)
    assert exported == [span_of(order)] * share


def test_what_is_done_for_many_is_a_span_of_the_first_with_links_to_the_others() -> None:
    tracer, exported = exporting(1)
    first, second = tracer.orders([(), ()])
    with tracer.batch("store orders", [None, first.context, second.context]) as batch:
        batch.did("claim")
    call, whole = exported
    assert (whole.name, whole.parent, whole.links) == (
        "store orders",
        first.context,
        (second.context,),
    )
    assert (call.name, call.parent) == ("claim", whole.context)
    assert batch.links == (whole.context,)
    assert whole.error is None


def test_what_is_done_for_many_fails_as_its_body_fails() -> None:
    tracer, exported = exporting(1)
    (order,) = tracer.orders([()])
    with (
        pytest.raises(UnavailableError),
        tracer.batch("store orders", [order.context]),
    ):
        raise UnavailableError("the database is away")
    assert [span.error for span in exported] == ["the database is away"]


def test_what_is_done_for_none_that_is_kept_is_not_exported() -> None:
    tracer, exported = exporting(0)
    (order,) = tracer.orders([()])
    with tracer.batch("store orders", [order.context]) as batch:
        batch.did("claim")
    assert exported == []
    assert batch.links == ()


def test_without_a_tracer_nobody_is_asked_for_a_span() -> None:
    assert list(UNTRACED.orders([(), ()])) == []
    asked: list[str] = []

    def ask(what: str) -> None:
        asked.append(what)

    UNTRACED.ended(["order"], ask)
    with UNTRACED.batch("store orders", map(ask, ["member"])) as batch:
        batch.did("claim")
        with batch.entered():
            pass
    batch.ended("late")
    assert batch.links == ()
    assert asked == []


def test_a_fills_message_has_its_own_place_in_the_orders_trace_always_the_same() -> None:
    first = execution(traceparent=HEADER, number_of_fills=1)
    second = replace(first, number_of_fills=2)

    def headers(number: int) -> tuple[tuple[str, bytes | None], ...]:
        done = {1: first, 2: second}[number]
        fill = Fill(
            quantity=done.quantity_ordered, price=done.remaining, announced=True, execution=done
        )
        return fill_message(fill, topic="fills", until=1.0).headers

    assert headers(1) == headers(1) != headers(2)
    ((name, content),) = headers(1)
    assert name == TRACEPARENT
    context = Context.read((content or b"").decode())
    assert context is not None
    assert (context.trace_id.hex(), context.sampled) == (TRACE, True)
    assert context == fill_context(first)


def test_without_a_trace_a_fills_message_has_no_header() -> None:
    done = execution(number_of_fills=1)
    fill = Fill(quantity=done.remaining, price=done.remaining, announced=True, execution=done)
    assert fill_message(fill, topic="fills", until=1.0).headers == ()
