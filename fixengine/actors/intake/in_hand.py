"""A record in hand: from the poll that takes it until its fate is final.

| state | who has it | what ends it | what follows |
|---|---|---|---|
| taken | Intake | it is decoded | resolving |
| | | it is no valid order | burying |
| | | another database has its orders | final |
| resolving | Resolving | its security has a ticker | storing |
| | | security-service knows no such security | burying |
| storing | Storing | the database has it, or had it before | final |
| | | the database refuses it | burying |
| burying | Burying | the broker has its dead letter | final |
| final | nobody | | |

A record stays in its state while the one that it waits for is away. Its offset is committed once it
and all records below it are final. In each state but the last its partition may be taken away: then
the record is forgotten, and the engine that has the partition now reads it again.

The three stages have one shape: `add` takes items on, `turn` sees what has become of them and sets
about the next, `forget` drops those of partitions that are gone.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, time

import msgspec
from msgspec import structs

from fixengine.errors import MalformedError
from fixengine.ports.kafka import Record
from fixengine.rules.shards import WHOLE, Shard
from fixengine.rules.values import Order
from fixengine.telemetry.spans import Context, OrderTrace
from fixengine.telemetry.tracing import Batch, Tracer
from fixengine.wire.creation import creation_time
from fixengine.wire.letters import Place
from fixengine.wire.orders import decode_order


class InHand(msgspec.Struct, kw_only=True, gc=False):
    """A record and what became of it so far.

    `busy` are the seconds of work on it. `links` lead to spans of work on it and on others.
    """

    record: Record
    order: Order | None = None
    ticker: str | None = None
    trace: OrderTrace | None = None
    links: tuple[Context, ...] = ()
    busy: float = 0.0
    created_at: float | msgspec.UnsetType | None = msgspec.UNSET

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
        """Keep only what the end needs of the record: it may be large, and stay for long."""
        self.created_at = self._creation_time()
        self.record = structs.replace(self.record, key=None, value=None, headers=())

    def latency(self) -> float | None:
        """Return the seconds since the record was created, None when it does not say when.

        They are negative when its producer's clock is ahead of this one.
        """
        created_at = self._creation_time()
        return None if created_at is None else time() - created_at

    def _creation_time(self) -> float | None:
        if self.created_at is not msgspec.UNSET:
            return self.created_at
        record = self.record
        return creation_time(record.headers, record.value, record.timestamp_ms)


@dataclass(slots=True, kw_only=True)
class Moved:
    """Items whose state has ended: some go on, others are refused, each with the reason.

    What is passed over is another database's.
    """

    items: list[InHand] = field(default_factory=list)
    passed_over: list[InHand] = field(default_factory=list)
    refused: list[tuple[InHand, str]] = field(default_factory=list)


def decode(items: Iterable[InHand], shard: Shard = WHOLE) -> Moved:
    """Give items their orders, where their records are valid ones, and orders of this shard."""
    decoded = Moved()
    for item in items:
        try:
            order = decode_order(item.record.value)
        except MalformedError as error:
            if shard.has_what_is_no_order:
                decoded.refused.append((item, str(error)))
            else:
                decoded.passed_over.append(item)
            continue
        if shard.has(order.id):
            if item.trace is not None:
                order = structs.replace(order, traceparent=str(item.trace.context))
            item.order = order
            decoded.items.append(item)
        else:
            decoded.passed_over.append(item)
    return decoded


def without(partitions: Container[int], items: Iterable[InHand]) -> list[InHand]:
    """Return the items that are not of these partitions."""
    return [item for item in items if item.record.partition not in partitions]


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
