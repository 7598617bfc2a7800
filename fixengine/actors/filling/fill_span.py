"""What a trace has of a fill, and of an execution whose time is over."""

from collections.abc import Mapping
from time import time_ns

from fixengine.rules.fills import outcome
from fixengine.rules.values import ChangeKind, Fill
from fixengine.telemetry.spans import Context, Kind, Span, fill_context


def fill_span(fill: Fill, *, began: int, links: tuple[Context, ...]) -> Span | None:
    """Return the span of a fill from its claim, at `began` in nanoseconds since 1970, until now.

    Returns None when its order belongs to no trace.
    """
    said = {"fixengine.fill.outcome": outcome(fill)}
    return _span("fill", fill, said, began=began, links=links)


def expiry_span(fill: Fill, *, began: int, links: tuple[Context, ...]) -> Span | None:
    """Return the span of the evaluation that has ended an execution as its time was over."""
    said = {"fixengine.change.outcome": "done"}
    return _span(ChangeKind.EXPIRE.lower(), fill, said, began=began, links=links)


def _span(
    name: str, fill: Fill, said: Mapping[str, str], *, began: int, links: tuple[Context, ...]
) -> Span | None:
    execution = fill.execution
    context = fill_context(execution)
    if context is None:
        return None
    return Span(
        name=name,
        kind=Kind.PRODUCER,
        context=context,
        parent=Context.read(execution.traceparent),
        began=began,
        ended=time_ns(),
        attributes={
            "fixengine.order.id": execution.execution_service_id,
            "fixengine.execution.id": execution.id,
            "fixengine.fill.number": execution.number_of_fills,
            **said,
        },
        links=links,
    )
