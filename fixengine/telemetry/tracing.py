"""Traces of orders in the words of W3C Trace Context: from the record through each of its fills."""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial
from hashlib import blake2b
from random import SystemRandom
from typing import Self

from fixengine.rules.values import Execution
from fixengine.supervision.scope import Scope

TRACEPARENT = "traceparent"
"""The header, in orders and in fills."""

_CONTEXT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_random = SystemRandom()  # many pods must not draw the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A place in a trace. `trace_id` has 16 bytes, `span_id` 8; `sampled`: its spans are kept."""

    trace_id: bytes
    span_id: bytes
    sampled: bool

    def __str__(self) -> str:
        """Write it as the header has it."""
        return f"00-{self.trace_id.hex()}-{self.span_id.hex()}-{int(self.sampled):02x}"

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """Read what a header holds; None when it is none that can be used."""
        match = _CONTEXT.fullmatch(text or "")
        if match is None or match[1] == "ff" or (match[1] == "00" and match[5]):
            return None
        trace_id, span_id = bytes.fromhex(match[2]), bytes.fromhex(match[3])
        if not any(trace_id) or not any(span_id):
            return None
        return cls(trace_id=trace_id, span_id=span_id, sampled=bool(int(match[4], 16) & 1))


Enter = Callable[[Context], AbstractContextManager[object]]
"""What makes a place in a trace the current one for libraries that write spans of their own."""


class Kind(Enum):
    """Which side of a message or a call a span is on, or that it is on none."""

    CONSUMER = auto()
    PRODUCER = auto()
    CLIENT = auto()
    INTERNAL = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that was done. Times are nanoseconds since 1970; `error` says how it failed.

    `links` are what it has to do with in other traces.
    """

    name: str
    kind: Kind
    context: Context
    parent: Context | None
    began: int
    ended: int
    attributes: Mapping[str, str | int]
    links: tuple[Context, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTrace:
    """A record's place in a trace while it is in hand."""

    context: Context
    parent: Context | None
    began: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """Which traces are kept: as the producer says, if `follows`, else a `share` of 0 to 1."""

    share: float = 1.0
    follows: bool = True

    def keeps(self, trace_id: bytes, parent: Context | None) -> bool:
        """Decide; all that sample the same share decide alike."""
        if self.follows and parent is not None:
            return parent.sampled
        return int.from_bytes(trace_id[8:]) < self.share * 2**64


Export = Callable[[Span], None]
"""What takes a span without waiting, from any thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceScope(Scope):
    """What is being done in a trace: calls made for it become part of the trace."""

    context: Context


class Tracer:
    """Begins traces or joins the producers', and hands on the spans that are kept."""

    def __init__(self, sampler: Sampler, export: Export, enter: Enter) -> None:
        self._sampler = sampler
        self._export = export
        self._enter = enter

    def order(self, headers: tuple[tuple[str, bytes | None], ...], *, now: int) -> OrderTrace:
        """Return where an order with these headers goes on, in nanoseconds since 1970."""
        said = next((content for name, content in headers if name == TRACEPARENT), None)
        parent = Context.read((said or b"").decode(errors="replace"))
        trace_id = _random.randbytes(16) if parent is None else parent.trace_id
        context = Context(
            trace_id=trace_id,
            span_id=_random.randbytes(8),
            sampled=self._sampler.keeps(trace_id, parent),
        )
        return OrderTrace(context=context, parent=parent, began=now)

    def scope(self, parent: Context) -> TraceScope:
        """Return what is done for a parent, at a place of its own."""
        context = child(parent)
        return TraceScope(context=context, enter=partial(self._enter, context))

    def ended(self, span: Span) -> None:
        """Hand a span on, if its trace is kept."""
        if span.context.sampled:
            self._export(span)


def child(parent: Context) -> Context:
    """Return a new place below another."""
    return replace(parent, span_id=_random.randbytes(8))


def fill_context(execution: Execution) -> Context | None:
    """Return the place of an execution's last fill: the same whoever asks, and None off traces."""
    order = Context.read(execution.traceparent)
    if order is None:
        return None
    fill = f"{order}/{execution.id}/{execution.number_of_fills}".encode()
    span_id = blake2b(fill, digest_size=8).digest()
    return Context(trace_id=order.trace_id, span_id=span_id, sampled=order.sampled)
