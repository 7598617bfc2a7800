"""What a session that holds up all cleaning up costs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import psycopg

from benchmarks.endless import endless
from benchmarks.figures.figure import Figure, Lend, at_least
from benchmarks.figures.loads import STEADY_SECONDS

_A_LOT = 10_000_000  # more than any engine evaluates in 10 min


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Measure ten minutes of full load while a session holds up all cleaning up, and ten without.

    All executions are overdue, one after the other, and each is evaluated once. A table of that
    size slows claims down by itself, so the last three minutes are held against those of an engine
    without a pin.
    """
    number, overdue = int(_A_LOT * scale), 600 * scale
    rates: dict[str, float] = {}
    for name, holds_up in (("free", nullcontext), ("pinned", _holder)):
        with (
            lend() as stack,
            endless(stack, executions=number, every=3600, first=-overdue, within=overdue) as load,
        ):
            time.sleep(STEADY_SECONDS)
            with holds_up(load.dsn):
                time.sleep(420 * scale)
                rates[name] = load.rate(180 * scale)
            left = number - load.evaluations()
        if left <= 0:
            raise RuntimeError("nothing was due any more: give it more to do")
    yield at_least(
        f"fills after {10 * scale:g} min of a pinned xmin ÷ after as long without",
        rates["pinned"] / rates["free"],
        "",
        0.9,
    )


@contextmanager
def _holder(dsn: str) -> Iterator[None]:
    """Keep a snapshot, so that nothing that was there may be cleaned up."""
    with psycopg.connect(dsn) as connection:
        connection.execute("set transaction isolation level repeatable read")
        connection.execute("select pg_current_xact_id(), count(*) from outbox")
        yield
