"""Tracing: who keeps spans, and who keeps none; and the span of what is done for many at once.

The engine has one tracer. Without a collector it is UNTRACED, which is asked the same and does
nothing; so nobody who is traced has to know whether he is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from time import time_ns
from types import TracebackType
from typing import Self, TypeVar

from fixengine.errors import FixengineError
from fixengine.supervision.scope import Scope
from fixengine.telemetry.calls import Place, at
from fixengine.telemetry.spans import Context, Kind, OrderTrace, Sampler, Span, order_trace

Headers = tuple[tuple[str, bytes | None], ...]

Export = Callable[[Span], None]
"""Takes a span without waiting, from any thread."""

_MOST_LINKS = 128  # the specification's default for a span

_T = TypeVar("_T")


class Batch:
    """What is done for several orders or fills at once; this one is in no trace.

    As a context manager it is what the body does: it ends with the body, and fails as the body
    fails.
    """

    links: tuple[Context, ...] = ()
    """What the spans of its members should link to."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End with the body."""

    def entered(self) -> AbstractContextManager[object]:
        """Let the body be done for the batch, which goes on after it."""
        return nullcontext()

    def did(self, name: str) -> None:
        """Tell of a call that took all the time until now, before the members were known."""

    def ended(self, error: str | None = None) -> None:
        """Say that it is over, and how it failed if it did."""


class Tracer:
    """Keeps nothing; what it is asked costs nothing for an order or a fill."""

    def orders(self, _headers: Iterable[Headers], /) -> Iterable[OrderTrace]:
        """Yield a trace for each order with these headers, or nothing for all of them."""
        return ()

    def batch(
        self, _name: str, _members: Iterable[Context | None], _began: int | None = None, /
    ) -> Batch:
        """Begin what is done for these members, now or when it began, nanoseconds since 1970."""
        return _UNTRACED_BATCH

    def ended(self, what: Iterable[_T], span: Callable[[_T], Span | None]) -> None:
        """Keep the span of each, if it has one and its trace is kept."""


_UNTRACED_BATCH = Batch()

UNTRACED = Tracer()


class SamplingTracer(Tracer):
    """Begins traces or joins the producers', and hands on the spans that are kept."""

    def __init__(self, sampler: Sampler, export: Export) -> None:
        self._sampler = sampler
        self._export = export

    def orders(self, headers: Iterable[Headers], /) -> Iterator[OrderTrace]:
        """Yield the trace of each: its producer's, or a new one."""
        now = time_ns()
        for each in headers:
            yield order_trace(each, sampler=self._sampler, now=now)

    def batch(
        self, name: str, members: Iterable[Context | None], began: int | None = None, /
    ) -> Batch:
        """Begin a span for the members whose traces are kept, if there are any."""
        kept = [member for member in members if member is not None and member.sampled]
        if not kept:
            return _UNTRACED_BATCH
        context = kept[0].child()
        return _TracedBatch(
            name,
            kept,
            context,
            scope=Scope(enter=partial(at, Place(context=context, export=self._export))),
            began=began or time_ns(),
            export=self._export,
        )

    def ended(self, what: Iterable[_T], span: Callable[[_T], Span | None]) -> None:
        """Hand on the span of each, if it has one and its trace is kept."""
        for made in map(span, what):
            if made is not None and made.context.sampled:
                self._export(made)


class _TracedBatch(Batch):
    """A span in the trace of the first member, with links to the others."""

    def __init__(
        self,
        name: str,
        members: Sequence[Context],
        context: Context,
        *,
        scope: Scope,
        began: int,
        export: Export,
    ) -> None:
        self._name = name
        self._members = members
        self._context = context
        self._scope = scope
        self._began = began
        self._export = export
        self.links = (context,)

    def __enter__(self) -> Self:
        self._body = self.entered()
        self._body.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._body.__exit__(kind, error, traceback)
        self.ended(str(error) if isinstance(error, FixengineError) else None)

    def entered(self) -> AbstractContextManager[object]:
        return self._scope.entered()

    def did(self, name: str) -> None:
        self._export(
            Span(
                name=name,
                kind=Kind.CLIENT,
                context=self._context.child(),
                parent=self._context,
                began=self._began,
                ended=time_ns(),
                attributes={},
            )
        )

    def ended(self, error: str | None = None) -> None:
        first, *others = self._members
        self._export(
            Span(
                name=self._name,
                kind=Kind.INTERNAL,
                context=self._context,
                parent=first,
                began=self._began,
                ended=time_ns(),
                attributes={"messaging.batch.message_count": len(self._members)},
                links=tuple(others[:_MOST_LINKS]),
                error=error,
            )
        )
