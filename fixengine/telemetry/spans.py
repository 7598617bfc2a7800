"""What is done for several orders or fills at once, and how their traces tell of it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import time_ns

from fixengine.errors import FixengineError
from fixengine.telemetry.tracing import Context, Kind, Span, Tracer, TraceScope, child

_MOST_LINKS = 128  # the specification's default for a span


class Batch:
    """A span in the trace of the first member, with links to the others.

    Their own spans should link to its `context`; `entered` lets a body be done for it.
    """

    def __init__(
        self,
        name: str,
        members: Sequence[Context],
        *,
        began: int,
        scope: TraceScope,
        tracer: Tracer,
    ) -> None:
        """Take the members, when it began, and the scope of what is done for it."""
        self._name = name
        self._members = members
        self._began = began
        self._tracer = tracer
        self.context = scope.context
        self.entered = scope.entered

    def did(self, name: str) -> None:
        """Tell of a call that took all the time until now, before the members were known."""
        self._tracer.ended(
            Span(
                name=name,
                kind=Kind.CLIENT,
                context=child(self.context),
                parent=self.context,
                began=self._began,
                ended=time_ns(),
                attributes={},
            )
        )

    def ended(self, error: str | None = None) -> None:
        """Say that it is over, and how it failed if it did."""
        first, *others = self._members
        self._tracer.ended(
            Span(
                name=self._name,
                kind=Kind.INTERNAL,
                context=self.context,
                parent=first,
                began=self._began,
                ended=time_ns(),
                attributes={"messaging.batch.message_count": len(self._members)},
                links=tuple(others[:_MOST_LINKS]),
                error=error,
            )
        )


def begin(
    tracer: Tracer | None,
    name: str,
    members: Iterable[Context | None],
    *,
    began: int | None = None,
) -> Batch | None:
    """Begin a batch, now if not before, in nanoseconds since 1970.

    Returns None when the trace of no member is kept.
    """
    if tracer is None:
        return None
    kept = [member for member in members if member is not None and member.sampled]
    if not kept:
        return None
    return Batch(name, kept, began=began or time_ns(), scope=tracer.scope(kept[0]), tracer=tracer)


@contextmanager
def during(batch: Batch | None) -> Iterator[None]:
    """Let the body be done for the batch, if there is one, and end with it."""
    if batch is None:
        yield
        return
    error: str | None = None
    try:
        with batch.entered():
            yield
    except FixengineError as reason:
        error = str(reason)
        raise
    finally:
        batch.ended(error)
