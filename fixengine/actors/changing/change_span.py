"""What a trace has of a request to change an execution."""

from time import time_ns

from fixengine.rules.changes import ChangeDecision, ChangeRequest
from fixengine.telemetry.spans import Context, Kind, Span, fill_context


def change_span(request: ChangeRequest, decision: ChangeDecision, *, began: int) -> Span | None:
    """Return the span of a request that came at `began`, in nanoseconds since 1970, until now.

    What is done has the place that the change's message names; what is refused changes nothing,
    and no message names it. Returns None when there is no trace that it belongs to: a request that
    is only answered again belongs to none.
    """
    execution = decision.execution
    order = None if execution is None else Context.read(execution.traceparent)
    if execution is None or order is None:
        return None
    done = fill_context(execution) if decision.refusal is None else None
    asked = Context.read(request.traceparent)
    return Span(
        name=request.kind.lower(),
        kind=Kind.INTERNAL if done is None else Kind.PRODUCER,
        context=done or order.child(),
        parent=order,
        began=began,
        ended=time_ns(),
        attributes={
            "fixengine.order.id": execution.execution_service_id,
            "fixengine.execution.id": execution.id,
            "fixengine.change.outcome": decision.outcome,
            **({} if done is None else {"fixengine.fill.number": execution.number_of_fills}),
        },
        links=() if asked is None else (asked,),
    )
