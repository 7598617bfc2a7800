"""What the FIX gateway can do, beside a bare loop that does the same for one session."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from statistics import quantiles

import psycopg

from benchmarks.figures.figure import Figure, Lend, at_least
from benchmarks.fix_load import Wire, acknowledged, latencies, replayed, wires
from benchmarks.ground import Ground, ground
from benchmarks.image import allocator_settings
from benchmarks.processes import session_cpu, session_resident
from fixengine.demo.engine import Gateway
from fixengine.demo.feed.universe import priced_listings
from fixengine.demo.process import ChildProcess
from fixengine.demo.stack import Stack, surroundings
from fixengine.demo.waiting import wait_until
from fixengine.infra.postgres.schema.migrate import migrate

_OWN = b"FIXENGINE"
_SESSIONS = '[[session]]\nown = "FIXENGINE"\npeer = "*"\ndestination = "ML"\n'
_ORDERS = 100_000
_OF_THE_FLOOR = 20_000
_OF_MANY = 400
_MANY = 50
_WINDOW = 500
_WINDOW_OF_MANY = 20
_PACED_SECONDS = 10.0
_SETTLING_SECONDS = 10.0
_REST_SECONDS = 20.0
_READY_SECONDS = 60.0
_numbers = count(1)


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Measure orders acknowledged, how soon, a replay of all, and what a gateway takes at rest."""
    symbols = [listing.ticker for listing in priced_listings()]
    orders, few = int(_ORDERS * scale), max(int(_OF_THE_FLOOR * scale), 1)
    of_each = max(int(_OF_MANY * scale), 1)
    with lend() as stack, ground(stack) as place:
        with psycopg.connect(place.dsn, autocommit=True) as connection:
            migrate(connection)
        with _floor(stack, place) as address, Wire(address, b"FLOOR", _OWN) as wire:
            floor = few / acknowledged([wire], [wire.orders(few, symbols)], window=_WINDOW)
        with _gateway(stack, place) as gateway:
            pid = gateway.process.pid
            yield from _at_rest(pid)
            with Wire(gateway.fix_address, b"ONE", _OWN) as wire:
                before = session_cpu(pid)
                seconds = acknowledged([wire], [wire.orders(orders, symbols)], window=_WINDOW)
                cpu, one = session_cpu(pid) - before, orders / seconds
                yield at_least("FIX: orders acknowledged, one session", one, "/s", 3000)
                yield Figure(meaning="FIX: the same ÷ bare loop", value=one / floor, unit="")
                yield Figure(meaning="FIX: bare loop", value=floor, unit="/s")
                yield Figure(meaning="FIX: CPU of an order", value=10**6 * cpu / orders, unit="µs")
                yield from _again(wire, orders, pid)
            with wires(gateway.fix_address, _MANY, _OWN) as lent:
                sent = [each.orders(of_each, symbols) for each in lent]
                many = _MANY * of_each / acknowledged(lent, sent, window=_WINDOW_OF_MANY)
                yield at_least("FIX: orders acknowledged, 50 sessions", many, "/s", 3000)
            with Wire(gateway.fix_address, b"PACED", _OWN) as wire:
                rate = one / 2
                paced = wire.orders(max(int(rate * _PACED_SECONDS * scale), 100), symbols)
                took = quantiles(latencies(wire, paced, rate=rate), n=100)
                for percent, limit in ((50, None), (99, 20)):
                    yield Figure(
                        meaning=f"FIX: acknowledgement at half of that, {percent} %",
                        value=1000 * took[percent - 1],
                        unit="ms",
                        limit=limit,
                    )
            yield Figure(
                meaning="FIX: resident memory after all this",
                value=session_resident(pid),
                unit="MiB",
            )


def _at_rest(pid: int) -> Iterator[Figure]:
    time.sleep(_SETTLING_SECONDS)
    before, began = session_cpu(pid), time.monotonic()
    time.sleep(_REST_SECONDS)
    cpu = (session_cpu(pid) - before) / (time.monotonic() - began)
    yield Figure(meaning="FIX: CPU at rest", value=100 * cpu, unit="%", limit=0.6)
    yield Figure(
        meaning="FIX: resident memory at rest", value=session_resident(pid), unit="MiB", limit=70
    )


def _again(wire: Wire, orders: int, pid: int) -> Iterator[Figure]:
    """Ask for all that one session was told."""
    before = most = session_resident(pid)
    seconds = looked = 0.0
    for seconds in replayed(wire, orders):
        if seconds - looked > 0.1:
            looked, most = seconds, max(most, session_resident(pid))
    yield at_least("FIX: messages sent again", orders / seconds, "/s", 10_000)
    yield Figure(meaning="FIX: memory that this takes", value=most - before, unit="MiB", limit=5)


@contextmanager
def _gateway(stack: Stack, place: Ground) -> Iterator[Gateway]:
    gateway = stack.gateway(
        f"gateway-{next(_numbers)}", sessions=_SESSIONS, **_settings(place), **allocator_settings()
    )
    try:
        gateway.start(ready_within=_READY_SECONDS)
        yield gateway
    finally:
        gateway.terminate()


@contextmanager
def _floor(stack: Stack, place: Ground) -> Iterator[tuple[str, int]]:
    port = stack.workspace.reserve_port()
    process: ChildProcess = stack.workspace.child(
        f"floor-{next(_numbers)}",
        [sys.executable, "-m", "benchmarks.floors", "fix"],
        environment={**surroundings(), **_settings(place), "FIX_PORT": str(port)},
    )
    process.start()
    wait_until(lambda: b"ready" in process.log.read_bytes(), _READY_SECONDS, "the bare loop")
    try:
        yield "127.0.0.1", port
    finally:
        process.kill()


def _settings(place: Ground) -> Mapping[str, str]:
    """Return what is set: nothing falls due, so that all that is told are acknowledgements."""
    return {**place.settings, "POSTGRES_DSN": place.dsn, "FILL_DELAY_FIRST": "3600"}
