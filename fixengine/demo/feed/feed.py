"""The order generator: what execution-service sends, always the same for a seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from fixengine.audit.evidence import Expected
from fixengine.demo.feed.sketch import Sketch, render, sketch
from fixengine.demo.feed.universe import Listing, priced_listings
from fixengine.ports.kafka import Headers

SINCE = datetime(2024, 1, 2, 9, 30, tzinfo=UTC)
"""When orders were received first, where a caller has no other time in mind."""

RATE = 100.0
"""Orders that are received a second, where a caller has no other rate in mind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FedOrder:
    """A record for the `orders` topic. `expected` is None when it is bad, and `kind` says why."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    kind: str
    expected: Expected | None

    @property
    def valid(self) -> bool:
        """Whether the engine must make an execution of it."""
        return self.expected is not None


def orders(
    *,
    seed: int,
    first_id: int = 1,
    since: datetime = SINCE,
    rate: float | None = RATE,
    listings: Sequence[Listing] | None = None,
) -> Iterator[FedOrder]:
    """Yield valid orders for ever, received from `since` on, so many a second; None: all then.

    They are for these securities, by default for all that have a price.
    """
    for sketched in sketches(seed, listings or priced_listings(), first_id, since, rate):
        yield fed_order("normal", sketched)


def sketches(
    seed: int,
    listings: Sequence[Listing],
    first_id: int,
    since: datetime,
    rate: float | None = RATE,
) -> Iterator[Sketch]:
    """Yield sketches of normal orders for ever, received as those of `orders`: up to 10 ms late."""
    rng = random.Random(f"{seed}:{first_id}")
    start = int(since.timestamp()) * 10**9
    apart = 10**9 / rate if rate else 0.0
    for number in count():
        yield sketch(
            rng,
            listing=rng.choice(listings),
            order_id=first_id + number,
            received_ns=start + round(number * apart) + rng.randrange(10_000_000),
            quantity=_quantity(rng),
        )


def _quantity(rng: random.Random) -> Decimal:
    largest = rng.choice((100, 100, 1_000, 5_000, 50_000))
    return Decimal(rng.randint(1, largest))


def fed_order(kind: str, sketched: Sketch) -> FedOrder:
    """Return the valid order that a sketch is of."""
    return FedOrder(
        key=sketched.key,
        value=render(sketched),
        headers=sketched.headers,
        kind=kind,
        expected=sketched.expected,
    )
