"""Whether anything grows in half an hour."""

import statistics
import time
from collections.abc import Iterator, Mapping

import psycopg

from benchmarks.endless import endless
from benchmarks.figures.figure import Figure, Lend
from benchmarks.figures.loads import EVERY_SECONDS, incoming_orders, saturated
from benchmarks.sql import number_of


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Measure half an hour at half load: the last third against the second."""
    with lend() as stack, saturated(stack) as load:
        most = load.rate(10)
    looks: list[Mapping[str, float]] = []
    with (
        lend() as stack,
        endless(stack, executions=int(most / 2 * EVERY_SECONDS), every=EVERY_SECONDS) as load,
        incoming_orders(stack, load, 50),
        psycopg.connect(load.dsn, autocommit=True) as connection,
    ):
        for _ in range(30):
            ages, dead = zip(*_behind(connection, 60 * scale), strict=True)
            usage = load.usage()
            looks.append(
                {
                    "memory": usage.memory,
                    "threads": usage.threads,
                    "descriptors": usage.descriptors,
                    "dead rows": statistics.mean(dead),
                    "oldest due, p99": sorted(ages)[int(0.99 * (len(ages) - 1))],
                }
            )
    for name in looks[0]:
        second = statistics.median(look[name] for look in looks[10:20])
        last = statistics.median(look[name] for look in looks[20:])
        yield Figure(
            meaning=f"{name}, last third of {30 * scale:g} min ÷ second",
            value=last / max(second, 1e-9),
            unit="",
            limit=1.1,
        )


def _behind(connection: psycopg.Connection, seconds: float) -> Iterator[tuple[float, float]]:
    """Yield for how long the oldest due execution has been due, and how many rows are dead."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        oldest = number_of(
            connection,
            "select coalesce(1000 * extract(epoch from now() - min(next_fill_timestamp)), 0) "
            "from execution where is_open and next_fill_timestamp <= now()",
        )
        dead = number_of(
            connection, "select n_dead_tup from pg_stat_user_tables where relname = 'execution'"
        )
        yield oldest / 1000, dead
        time.sleep(0.2)
