"""Traces: whose they are, which are kept, and that a fill's place in one never changes."""

from contextlib import nullcontext

import pytest
from msgspec.structs import replace

from fixengine.actors.publishing.outgoing import fill_message
from fixengine.config import load
from fixengine.rules.values import Fill
from fixengine.telemetry.tracing import (
    TRACEPARENT,
    Context,
    Kind,
    Sampler,
    Span,
    Tracer,
    fill_context,
)
from tests.support.executions import execution

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{SPAN}-01"


def tracer(**sampling: str) -> Tracer:
    return Tracer(load(sampling).sampler, lambda _: None, nullcontext)


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
    order = tracer().order((("other", b"x"), (TRACEPARENT, HEADER.encode())), now=7)
    assert order.context.trace_id.hex() == TRACE
    assert order.context.span_id.hex() != SPAN
    assert str(order.parent) == HEADER
    assert order.began == 7


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"00-xyz"])
def test_an_order_without_a_usable_trace_begins_one(content: bytes | None) -> None:
    one, other = (tracer().order(((TRACEPARENT, content),), now=7) for _ in range(2))
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
    trace = tracer(OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_SAMPLER_ARG=arg)
    found = [
        trace.order(headers, now=0).context.sampled
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


@pytest.mark.parametrize("share", [0, 1])
def test_a_trace_that_is_not_kept_goes_on_but_is_not_exported(share: int) -> None:
    exported: list[Span] = []
    trace = Tracer(Sampler(share=share), exported.append, nullcontext)
    order = trace.order((), now=0)
    assert str(order.context).endswith(f"-0{share}")
    span = Span(
        name="process orders",
        kind=Kind.CONSUMER,
        context=order.context,
        parent=None,
        began=0,
        ended=1,
        attributes={},
    )
    trace.ended(span)
    assert exported == [span] * share


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
