"""A record between the poll that took it and the moment its fate is final."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic, time

import msgspec
from msgspec import structs

from fixengine.errors import MalformedError
from fixengine.ports.kafka import Record
from fixengine.rules.values import Order
from fixengine.telemetry.spans import Context, OrderTrace
from fixengine.telemetry.tracing import Batch, Tracer
from fixengine.wire.creation import creation_time
from fixengine.wire.letters import Place
from fixengine.wire.orders import decode_order


class InHand(msgspec.Struct, kw_only=True):
    """A record and what became of it so far; `busy` are the seconds spent on it.

    More is told of it in the traces that `links` lead to.
    """

    record: Record
    order: Order | None = None
    ticker: str | None = None
    trace: OrderTrace | None = None
    links: tuple[Context, ...] = ()
    busy: float = 0.0
    created: float | msgspec.UnsetType | None = msgspec.UNSET

    @property
    def place(self) -> Place:
        """Where its record is on the orders topic."""
        return Place(self.record.partition, self.record.offset)

    @property
    def context(self) -> Context | None:
        """Its place in a trace."""
        return None if self.trace is None else self.trace.context

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

    def let_go(self) -> None:
        """Keep of the record but what is asked for in the end: it may be large, and stay long."""
        self.created = self._created()
        self.record = structs.replace(self.record, key=None, value=None, headers=())

    def latency(self) -> float | None:
        """Return the seconds from the record's creation until now, None when it has no time.

        Less than 0 are of a clock that is ahead of this one.
        """
        created = self._created()
        return None if created is None else time() - created

    def _created(self) -> float | None:
        if self.created is not msgspec.UNSET:
            return self.created
        record = self.record
        return creation_time(record.headers, record.value, record.timestamp_ms)


def decode(items: Iterable[InHand]) -> tuple[list[InHand], list[tuple[InHand, str]]]:
    """Give items their orders; return those that have one, and the others with the reasons."""
    good: list[InHand] = []
    bad: list[tuple[InHand, str]] = []
    for item in items:
        try:
            order = decode_order(item.record.value)
        except MalformedError as error:
            bad.append((item, str(error)))
        else:
            if item.trace is not None:
                order = structs.replace(order, traceparent=str(item.trace.context))
            item.order = order
            good.append(item)
    return good, bad


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


def begin_batch(tracer: Tracer, name: str, items: Sequence[InHand]) -> Batch:
    """Begin what is done for these items together."""
    batch = tracer.batch(name, (item.context for item in items))
    if batch.links:
        for item in items:
            item.links += batch.links
    return batch
