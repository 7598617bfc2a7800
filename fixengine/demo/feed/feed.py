"""The order generator: what execution-service sends, valid and not, always the same for a seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count, cycle, islice

from fixengine.audit.evidence import Expected
from fixengine.demo.feed.flaws import FLAWS
from fixengine.demo.feed.sketch import Sketch, render, sketch
from fixengine.demo.feed.universe import UNPRICEABLE, Listing, priced_listings
from fixengine.demo.feed.variants import VARIANTS
from fixengine.ports.kafka import Headers

_FIRST_BAD_ID = 1_000_000_000
_SINCE = datetime(2024, 1, 2, 9, 30, tzinfo=UTC)


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
    since: datetime = _SINCE,
    variants: bool = False,
    listings: Sequence[Listing] | None = None,
) -> Iterator[FedOrder]:
    """Yield valid orders for ever, received from `since` on, 10 ms apart.

    Without `listings` they are for all that has a price. With `variants` every accepted deviation
    from the normal message takes its turn.
    """
    kinds = cycle(VARIANTS.items() if variants else islice(VARIANTS.items(), 1))
    listings = listings or priced_listings()
    for sketched, (kind, vary) in zip(
        _sketches(seed, listings, first_id, since), kinds, strict=False
    ):
        yield _order(kind, vary(sketched))


def unpriceable_orders(
    *, seed: int, first_id: int = 1, since: datetime = _SINCE
) -> Iterator[FedOrder]:
    """Yield valid orders for ever that can't be filled: nobody prices their securities."""
    for sketched in _sketches(seed, UNPRICEABLE, first_id, since):
        yield _order("unpriceable", sketched)


def bad_orders(
    *, seed: int, first_id: int = _FIRST_BAD_ID, since: datetime = _SINCE
) -> Iterator[FedOrder]:
    """Yield bad input for ever, every flaw in turn."""
    sketches = _sketches(seed, priced_listings(), first_id, since)
    for sketched, (kind, spoil) in zip(sketches, cycle(FLAWS.items()), strict=False):
        spoiled = spoil(sketched)
        yield FedOrder(
            key=spoiled.key,
            value=spoiled.raw if spoiled.is_raw else render(spoiled),
            headers=spoiled.headers,
            kind=kind,
            expected=None,
        )


def mixed_orders(
    *, seed: int, good: int, bad: int = 0, unpriceable: int = 0, duplicates: int = 0
) -> tuple[FedOrder, ...]:
    """Return `good` orders of all variants, and the others among them, shuffled.

    `duplicates` of the good ones are there a second time, so many records more.
    """
    rng = random.Random(f"{seed}:mix")
    valid = list(islice(orders(seed=seed, variants=True), good))
    mixed = [
        *valid,
        *islice(unpriceable_orders(seed=seed, first_id=good + 1), unpriceable),
        *islice(bad_orders(seed=seed), bad),
        *rng.sample(valid, duplicates),
    ]
    rng.shuffle(mixed)
    return tuple(mixed)


def _sketches(
    seed: int, listings: Sequence[Listing], first_id: int, since: datetime
) -> Iterator[Sketch]:
    rng = random.Random(f"{seed}:{first_id}")
    start = int(since.timestamp()) * 10**9
    for number in count():
        yield sketch(
            rng,
            listing=rng.choice(listings),
            order_id=first_id + number,
            received_ns=start + number * 10_000_000 + rng.randrange(10_000_000),
            quantity=_quantity(rng),
        )


def _quantity(rng: random.Random) -> Decimal:
    largest = rng.choice((100, 100, 1_000, 5_000, 50_000))
    return Decimal(rng.randint(1, largest))


def _order(kind: str, sketched: Sketch) -> FedOrder:
    return FedOrder(
        key=sketched.key,
        value=render(sketched),
        headers=sketched.headers,
        kind=kind,
        expected=sketched.expected,
    )
