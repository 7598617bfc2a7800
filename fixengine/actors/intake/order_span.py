"""What a trace has of an order."""

from time import time_ns

from fixengine.actors.intake.in_hand import InHand
from fixengine.telemetry.tracing import Kind, OrderTrace, Span


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
