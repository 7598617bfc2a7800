"""The end of records: their fate is final, so they are let go, counted, and told of in traces."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from fixengine.actors.intake.in_hand import InHand
from fixengine.actors.intake.order_span import order_span
from fixengine.actors.intake.taking import Taking
from fixengine.recurring import Recurring
from fixengine.telemetry.metrics.consumer import ConsumerMetrics
from fixengine.telemetry.tracing import Tracer

SMALLEST_LATENCY = -1.0
"""Seconds. A latency between this and 0 is of two clocks that differ a little, and counts as 0; a
smaller one is of a clock that is wrong, and does not count."""


class Settling:
    """Takes items whose orders are stored, and items whose dead letters are written."""

    def __init__(self, taking: Taking, metrics: ConsumerMetrics, tracer: Tracer) -> None:
        self._taking = taking
        self._metrics = metrics
        self._tracer = tracer
        self._undated = Recurring("WARNING", "record has no usable creation time")

    def add(self, items: Sequence[InHand], *, success: bool) -> None:
        """Let items go; their offsets can be committed when all below them are final too."""
        by_partition: defaultdict[int, list[InHand]] = defaultdict(list)
        for item in items:
            self._taking.finish(item.record)
            by_partition[item.record.partition].append(item)
        for partition, together in by_partition.items():
            self._metrics.settled(
                partition,
                success=success,
                seconds=[item.busy for item in together],
                latencies=[
                    latency for item in together if (latency := self._latency(item)) is not None
                ],
            )
        self._tracer.ended(items, partial(order_span, success=success))

    def _latency(self, item: InHand) -> float | None:
        """Return the item's latency, None when there is no clock that it can be read from."""
        latency = item.latency()
        if latency is not None and latency > SMALLEST_LATENCY:
            return max(latency, 0.0)
        record = item.record
        self._undated.happened(partition=record.partition, offset=record.offset, latency=latency)
        return None
