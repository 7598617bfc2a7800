"""Orders of all kinds, valid and not, always the same for a seed."""

import random
from collections.abc import Iterator
from datetime import datetime
from itertools import cycle, islice

from fixengine.demo.feed.feed import SINCE, FedOrder, fed_order, sketches
from fixengine.demo.feed.sketch import render
from fixengine.demo.feed.universe import UNPRICEABLE, priced_listings
from tests.support.feed.flaws import FLAWS
from tests.support.feed.variants import VARIANTS

_FIRST_BAD_ID = 1_000_000_000


def varied_orders(*, seed: int, first_id: int = 1, since: datetime = SINCE) -> Iterator[FedOrder]:
    """Yield valid orders for ever; every accepted deviation from the normal one takes its turn."""
    sketched_orders = sketches(seed, priced_listings(), first_id, since)
    for sketched, (kind, vary) in zip(sketched_orders, cycle(VARIANTS.items()), strict=False):
        yield fed_order(kind, vary(sketched))


def unpriceable_orders(
    *, seed: int, first_id: int = 1, since: datetime = SINCE
) -> Iterator[FedOrder]:
    """Yield valid orders for ever that can't be filled: nobody prices their securities."""
    for sketched in sketches(seed, UNPRICEABLE, first_id, since):
        yield fed_order("unpriceable", sketched)


def bad_orders(
    *, seed: int, first_id: int = _FIRST_BAD_ID, since: datetime = SINCE
) -> Iterator[FedOrder]:
    """Yield bad input for ever, every flaw in turn."""
    sketched_orders = sketches(seed, priced_listings(), first_id, since)
    for sketched, (kind, spoil) in zip(sketched_orders, cycle(FLAWS.items()), strict=False):
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
    valid = list(islice(varied_orders(seed=seed), good))
    mixed = [
        *valid,
        *islice(unpriceable_orders(seed=seed, first_id=good + 1), unpriceable),
        *islice(bad_orders(seed=seed), bad),
        *rng.sample(valid, duplicates),
    ]
    rng.shuffle(mixed)
    return tuple(mixed)
