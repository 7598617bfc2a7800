"""What a trace has of an order."""

from time import time_ns

from fixengine.actors.intake.in_hand import InHand
from fixengine.telemetry.spans import Kind, Span


def order_span(item: InHand, *, success: bool) -> Span | None:
    """Return the span of a record from the poll that took it until now.

    Returns None when it belongs to no trace.
    """
    record, trace = item.record, item.trace
    if trace is None:
        return None
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
        links=item.links,
        error=None if success else "dead letter",
    )
