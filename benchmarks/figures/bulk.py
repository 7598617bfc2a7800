"""How fast a program is that always has something to do, and what that costs it."""

import time
from collections.abc import Iterator
from itertools import islice

import psycopg

from benchmarks.figures.figure import Figure, Lend
from benchmarks.ground import Ground
from benchmarks.load import DUE
from benchmarks.program import OURS, Program, Trial, trial
from fixengine.demo.feed.feed import orders
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.feed.universe import priced_listings

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
_FILLED = "select count(*) from execution where number_of_fills > 0"


def measure(lend: Lend, scale: float, program: Program = OURS) -> Iterator[Figure]:
    """Measure 100,000 orders, and 100,000 executions that are due: what is done within 30 s."""
    number = int(_NUMBER * scale)
    with lend() as stack:

        def send(place: Ground) -> None:
            send_orders(stack.broker.bootstrap, place.topics.orders, islice(orders(seed=1), number))

        with trial(stack, program, _SETTINGS, before=send) as at_work:
            yield from _figures("orders stored", at_work, _STORED, number)
    with lend() as stack, trial(stack, program, _SETTINGS) as at_work:
        tickers = [listing.ticker for listing in priced_listings()]
        with psycopg.connect(at_work.place.dsn, autocommit=True) as connection:
            connection.execute(DUE.encode(), {"number": number, "tickers": tickers})
        yield from _figures("fills", at_work, _FILLED, number)


def _figures(what: str, at_work: Trial, done: str, number: int) -> Iterator[Figure]:
    """Look at how much is done until all is, or time is up; raises RuntimeError without any."""
    first, cpu, began = at_work.number(done), at_work.cpu(), time.monotonic()
    last, took = first, 0.0
    while last < number and took < _MOST_SECONDS:
        time.sleep(_LOOK_EVERY_SECONDS)
        last, took = at_work.number(done), time.monotonic() - began
    if last == first:
        raise RuntimeError(f"there is no rate to tell: {last} of {number} {what} in {took:.0f} s")
    yield Figure(meaning=f"{what} in bulk", value=(last - first) / took, unit="/s", at_most=False)
    yield Figure(
        meaning=f"CPU of one of these {what}",
        value=1000 * (at_work.cpu() - cpu) / (last - first),
        unit="ms",
    )
