"""What a fill costs the engine and the database."""

import time
from collections.abc import Iterator

import psycopg

from benchmarks.costs import costs
from benchmarks.figures.figure import Figure, Lend
from benchmarks.figures.loads import saturated


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Count what a fill costs at full load."""
    with (
        lend() as stack,
        saturated(stack) as load,
        psycopg.connect(load.dsn, autocommit=True) as connection,
    ):
        before = costs(load, connection)
        time.sleep(20 * scale)
        spent = costs(load, connection).since(before)
    fills = spent.evaluations
    yield Figure(meaning="WAL a fill", value=spent.wal / fills / 1024, unit="KiB", limit=3)
    yield Figure(
        meaning="transactions a thousand fills", value=1000 * spent.commits / fills, unit=""
    )
    yield Figure(meaning="the engine's CPU a fill", value=1e6 * spent.engine / fills, unit="µs")
    yield Figure(meaning="the database's CPU a fill", value=1e6 * spent.database / fills, unit="µs")
