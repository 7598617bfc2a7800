"""What a trace has of a fill."""

from time import time_ns

from fixengine.rules.fills import outcome
from fixengine.rules.values import Fill
from fixengine.telemetry.spans import Context, Kind, Span, fill_context


def fill_span(fill: Fill, *, began: int, links: tuple[Context, ...]) -> Span | None:
    """Return the span of a fill from its claim, at `began` in nanoseconds since 1970, until now.

    Returns None when its order belongs to no trace.
    """
    execution = fill.execution
    context = fill_context(execution)
    if context is None:
        return None
    return Span(
        name="fill",
        kind=Kind.PRODUCER,
        context=context,
        parent=Context.read(execution.traceparent),
        began=began,
        ended=time_ns(),
        attributes={
            "fixengine.order.id": execution.execution_service_id,
            "fixengine.execution.id": execution.id,
            "fixengine.fill.number": execution.number_of_fills,
            "fixengine.fill.outcome": outcome(fill),
        },
        links=links,
    )
