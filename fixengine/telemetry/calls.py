"""Statements and requests that are made for a batch: a span each, in its trace.

They have the form in which OpenTelemetry's instrumentations of the libraries write them. Those
would take more memory and time than all else that has to do with traces.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import time_ns
from traceback import format_exception

from fixengine.telemetry.spans import By, Context, Kind, Span, Thrown


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a trace calls belong that are made now, and who takes their spans."""

    context: Context
    export: Callable[[Span], object]


_place: ContextVar[Place | None] = ContextVar("place", default=None)


@contextmanager
def at(place: Place) -> Iterator[None]:
    """Let calls that this thread makes within the block belong there."""
    token = _place.set(place)
    try:
        yield
    finally:
        _place.reset(token)


def current_place() -> Place | None:
    """Return where calls belong that this thread makes now, None if they are in no trace."""
    return _place.get()


class Call:
    """A call that is under way. `attributes` and `error` may be changed until it is over."""

    def __init__(self, context: Context, attributes: Mapping[str, str | int]) -> None:
        self.context = context
        self.attributes = dict(attributes)
        self.error: str | None = None


@contextmanager
def call(place: Place, by: By, name: str, attributes: Mapping[str, str | int]) -> Iterator[Call]:
    """Make the span of a call that the block makes, and fails as it fails."""
    made = Call(place.context.child(), attributes)
    thrown: Thrown | None = None
    began = time_ns()
    try:
        yield made
    except Exception as error:
        thrown = _thrown(error)
        made.error = f"{type(error).__name__}: {error}"
        raise
    finally:
        span = Span(
            by=by,
            name=name,
            kind=Kind.CLIENT,
            context=made.context,
            parent=place.context,
            began=began,
            ended=time_ns(),
            attributes=made.attributes,
            error=made.error,
            thrown=thrown,
        )
        place.export(span)


def _thrown(error: Exception) -> Thrown:
    kind = type(error)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return Thrown(
        kind=f"{module}{kind.__qualname__}",
        words=str(error),
        stack="".join(format_exception(error)),
        at=time_ns(),
    )
