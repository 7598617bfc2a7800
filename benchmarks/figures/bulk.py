"""How fast a program is that always has something to do, and what that costs it."""

import time
from collections.abc import Callable, Iterator
from itertools import islice

import psycopg

from benchmarks.figures.figure import Figure, Lend
from benchmarks.ground import Ground
from benchmarks.load import DUE
from benchmarks.program import OURS, Program, trial
from fixengine.demo.feed.feed import orders
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.feed.universe import priced_listings
from fixengine.demo.waiting import wait_until

_NUMBER = 100_000
_MOST_SECONDS = 30.0
_LOOK_EVERY_SECONDS = 0.25
_LONG = "3600"
_SETTINGS = {
    "FILL_DELAY_FIRST": _LONG,
    "FILL_DELAY_MIN": _LONG,
    "FILL_DELAY_MAX": _LONG,
    "PUBLISH_EMPTY_FILLS": "true",
    "LOG_LEVEL": "warn",
}
_STORED = "select coalesce(max(id), 0) from execution"


def measure(lend: Lend, scale: float, program: Program = OURS) -> Iterator[Figure]:
    """Measure 100,000 orders, and 100,000 executions that are due: what is done within 30 s."""
    number = int(_NUMBER * scale)
    with lend() as stack:

        def send(place: Ground) -> None:
            send_orders(stack.broker.bootstrap, place.topics.orders, islice(orders(seed=1), number))

        with trial(stack, program, _SETTINGS, before=send) as at_work:
            yield from figures_of_work(
                "orders stored", number, done=lambda: at_work.number(_STORED), cpu=at_work.cpu
            )
    with lend() as stack, trial(stack, program, _SETTINGS) as at_work:
        tickers = [listing.ticker for listing in priced_listings()]
        with psycopg.connect(at_work.place.dsn, autocommit=True) as connection:
            connection.execute(DUE.encode(), {"number": number, "tickers": tickers})
        yield from figures_of_work("fills", number, done=at_work.fills, cpu=at_work.cpu)


def figures_of_work(
    what: str, number: int, *, done: Callable[[], int], cpu: Callable[[], float]
) -> Iterator[Figure]:
    """Look at how much is done, from the first of it until all is or time is up.

    What a program waits for before its first, such as a place in the group, is no work. Raises
    DemoError when there is no first in time, RuntimeError when nothing follows it.
    """
    wait_until(lambda: done() > 0, _MOST_SECONDS, f"the first of the {what}")
    first, used, began = done(), cpu(), time.monotonic()
    last, took = first, 0.0
    while last < number and took < _MOST_SECONDS:
        time.sleep(_LOOK_EVERY_SECONDS)
        last, took = done(), time.monotonic() - began
    if last == first:
        raise RuntimeError(f"there is no rate to tell: {last} of {number} {what} in {took:.0f} s")
    yield Figure(meaning=f"{what} in bulk", value=(last - first) / took, unit="/s", at_most=False)
    yield Figure(
        meaning=f"CPU of one of these {what}",
        value=1000 * (cpu() - used) / (last - first),
        unit="ms",
    )
