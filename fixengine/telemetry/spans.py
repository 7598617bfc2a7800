"""What a trace is made of, in the words of W3C Trace Context: places in it, and spans.

Each order has some, and each fill: they are structs, as the values are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from hashlib import blake2b
from random import Random
from typing import Self

import msgspec
from msgspec.structs import replace

from fixengine.rules.values import Execution

TRACEPARENT = "traceparent"
"""The header of orders and of fills that says to which place in a trace they belong."""

_CONTEXT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_random = Random()  # noqa: S311 - no secret; the system seeds it, so two pods don't draw the same


class Context(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A place in a trace. `trace_id` has 16 bytes, `span_id` 8; `sampled`: its spans are kept."""

    trace_id: bytes
    span_id: bytes
    sampled: bool

    def __str__(self) -> str:
        """Write it as the header has it."""
        return f"00-{self.trace_id.hex()}-{self.span_id.hex()}-{int(self.sampled):02x}"

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """Read a header; return None when it names no place in a trace."""
        match = _CONTEXT.fullmatch(text or "")
        if match is None or match[1] == "ff" or (match[1] == "00" and match[5]):
            return None
        trace_id, span_id = bytes.fromhex(match[2]), bytes.fromhex(match[3])
        if not any(trace_id) or not any(span_id):
            return None
        return cls(trace_id=trace_id, span_id=span_id, sampled=bool(int(match[4], 16) & 1))

    def child(self) -> Self:
        """Return a new place below this one."""
        return replace(self, span_id=_random.randbytes(8))


class Kind(Enum):
    """Which side of a message or a call a span is on; INTERNAL is on neither."""

    CONSUMER = auto()
    PRODUCER = auto()
    CLIENT = auto()
    INTERNAL = auto()


class By(Enum):
    """In whose words a span is written: the engine's, or an instrumentation's of OpenTelemetry."""

    ENGINE = auto()
    PSYCOPG = auto()
    URLLIB3 = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thrown:
    """An exception that ended what a span is of: its class, words and stack, and when."""

    kind: str
    words: str
    stack: str
    at: int


class Span(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that was done. Times are nanoseconds since 1970; `error` says how it failed.

    `error` is empty if nobody said how. `links` are places in other traces that it has to do with.
    """

    by: By = By.ENGINE
    thrown: Thrown | None = None

    name: str
    kind: Kind
    context: Context
    parent: Context | None
    began: int
    ended: int
    attributes: Mapping[str, str | int]
    links: tuple[Context, ...] = ()
    error: str | None = None


class OrderTrace(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The place in a trace of an order that is in hand since `began`, nanoseconds since 1970."""

    context: Context
    parent: Context | None
    began: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """Which traces are kept: as the producer says, if `follows`, else a `share` of 0 to 1."""

    share: float = 1.0
    follows: bool = True

    def keeps(self, trace_id: bytes, parent: Context | None) -> bool:
        """Decide; every program with the same share decides alike."""
        if self.follows and parent is not None:
            return parent.sampled
        return int.from_bytes(trace_id[8:]) < self.share * 2**64


def order_trace(
    headers: tuple[tuple[str, bytes | None], ...], *, sampler: Sampler, now: int
) -> OrderTrace:
    """Return the place of an order with these headers: in its producer's trace, or in a new one.

    `now` is in nanoseconds since 1970.
    """
    said = next((content for name, content in headers if name == TRACEPARENT), None)
    parent = Context.read((said or b"").decode(errors="replace"))
    trace_id = _random.randbytes(16) if parent is None else parent.trace_id
    context = Context(
        trace_id=trace_id,
        span_id=_random.randbytes(8),
        sampled=sampler.keeps(trace_id, parent),
    )
    return OrderTrace(context=context, parent=parent, began=now)


def fill_context(execution: Execution) -> Context | None:
    """Return the place of an execution's last fill, the same whoever asks.

    Returns None when the execution belongs to no trace.
    """
    order = Context.read(execution.traceparent)
    if order is None:
        return None
    fill = f"{order}/{execution.id}/{execution.number_of_fills}".encode()
    span_id = blake2b(fill, digest_size=8).digest()
    return Context(trace_id=order.trace_id, span_id=span_id, sampled=order.sampled)
