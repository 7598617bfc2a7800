"""A record between the poll that took it and the moment its fate is final."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic, time

import msgspec
from loguru import logger

from fixengine.created import creation_time
from fixengine.domain import Order
from fixengine.ports import Record
from fixengine.tracing import OrderTrace


class InHand(msgspec.Struct, kw_only=True):
    """A record and what became of it so far; `busy` are the seconds spent on it."""

    record: Record
    order: Order | None = None
    ticker: str | None = None
    trace: OrderTrace | None = None
    busy: float = 0.0

    @property
    def security_id(self) -> str:
        """Of the decoded order."""
        assert self.order is not None
        return self.order.security_id

    @property
    def storable(self) -> tuple[Order, str]:
        """The decoded order with its ticker."""
        assert self.order is not None
        assert self.ticker is not None
        return self.order, self.ticker

    def latency(self) -> float | None:
        """Return the seconds from the record's creation until now.

        Clocks that differ by less than a second count as none; anything else is no latency.
        """
        record = self.record
        created = creation_time(record.headers, record.value, record.timestamp_ms)
        latency = None if created is None else time() - created
        if latency is None or latency <= -1:
            logger.bind(partition=record.partition, offset=record.offset, latency=latency).warning(
                "record has no usable creation time"
            )
            return None
        return max(latency, 0.0)


@contextmanager
def timed(items: Sequence[InHand]) -> Iterator[None]:
    """Divide the time spent in the block evenly among the items."""
    began = monotonic()
    try:
        yield
    finally:
        share = (monotonic() - began) / max(len(items), 1)
        for item in items:
            item.busy += share
