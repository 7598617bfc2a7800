"""What a trace has of a fill."""

from time import time_ns

from fixengine.rules.fills import outcome
from fixengine.rules.values import Fill
from fixengine.telemetry.tracing import Context, Kind, Span


def fill_span(fill: Fill, context: Context, began: int, links: tuple[Context, ...]) -> Span:
    """Return a fill from its claim, at `began` in nanoseconds since 1970, until now."""
    execution = fill.execution
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
