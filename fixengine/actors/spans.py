"""What a trace has of an order and of its fills."""

from time import time_ns

from fixengine.actors.in_hand import InHand
from fixengine.domain import Fill
from fixengine.fills import outcome
from fixengine.tracing import Context, Kind, OrderTrace, Span


def order_span(item: InHand, trace: OrderTrace, *, success: bool) -> Span:
    """Return what became of a record, from the poll that took it until now."""
    record = item.record
    order = {} if item.order is None else {"fixengine.order.id": item.order.id}
    return Span(
        name=f"process {record.topic}",
        kind=Kind.CONSUMER,
        context=trace.context,
        parent=trace.parent,
        began=trace.began,
        ended=time_ns(),
        attributes={
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": record.topic,
            "messaging.destination.partition.id": str(record.partition),
            "messaging.kafka.offset": record.offset,
            **order,
        },
        links=item.batches,
        error=None if success else "dead letter",
    )


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
