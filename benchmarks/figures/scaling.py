"""What docs/scaling.md counts on: what a fill takes at given rates, beside all that is open then.

The server keeps what it commits, as one that matters does, so the first change to a page after a
checkpoint logs all of it. What is open falls due as often as with the default delays. The limits
are the page's numbers. CPU, bytes and counts are told by a busy machine as well; times are not.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import psycopg

from benchmarks.costs import costs
from benchmarks.endless import Endless, endless
from benchmarks.figures.figure import Figure, Lend
from benchmarks.figures.loads import STEADY_SECONDS
from benchmarks.sql import number_of
from benchmarks.statements import statements_of
from fixengine.demo.stack import Stack

EVERY_SECONDS = 62.5
"""Between two fills of an execution, with the default delays."""
RATES = (100, 1_000)
"""Fills a second."""


LIMITS: Mapping[tuple[int, str], float] = {}
"""The page's numbers, by rate and meaning."""
_IMAGES = "select wal_fpi from pg_stat_wal"
_DEAD = """
select coalesce(sum(n_tup_upd + n_tup_del - n_tup_hot_upd), 0)
from pg_stat_user_tables where relname in ('execution', 'outbox')
"""
_HOT = "select n_tup_hot_upd from pg_stat_user_tables where relname = 'execution'"
_CONNECTED = """
select count(*) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Measure two minutes at each rate, of which the first begins with a checkpoint."""
    for rate in RATES:
        with (
            lend(durable=True) as stack,
            endless(
                stack, executions=int(rate * EVERY_SECONDS), every=EVERY_SECONDS, first=5
            ) as load,
            psycopg.connect(load.dsn, autocommit=True) as connection,
        ):
            time.sleep(STEADY_SECONDS)
            for figure in _at(stack, load, connection, EVERY_SECONDS * scale):
                limit = LIMITS.get((rate, figure.meaning))
                yield replace(figure, meaning=f"at {rate:,}/s: {figure.meaning}", limit=limit)


def _at(
    stack: Stack, load: Endless, connection: psycopg.Connection, seconds: float
) -> Iterator[Figure]:
    connection.execute("checkpoint")
    first, images = costs(load, connection), number_of(connection, _IMAGES)
    rows = [number_of(connection, each) for each in (_DEAD, _HOT)]
    time.sleep(seconds)
    spent = costs(load, connection).since(first)
    fills = spent.evaluations
    yield Figure(meaning="fills", value=fills / seconds, unit="/s")
    yield Figure(meaning="the engine's CPU", value=1e6 * spent.engine / fills, unit="µs a fill")
    yield Figure(meaning="the database's CPU", value=1e6 * spent.database / fills, unit="µs a fill")
    yield Figure(meaning="commits", value=spent.commits / seconds, unit="/s")
    yield Figure(
        meaning="WAL in the minute after a checkpoint", value=spent.wal / fills, unit="B a fill"
    )
    images = number_of(connection, _IMAGES) - images
    yield Figure(meaning="whole pages in it", value=images / fills, unit="a fill")
    dead, hot = (
        number_of(connection, each) - before
        for each, before in zip((_DEAD, _HOT), rows, strict=True)
    )
    yield Figure(meaning="rows that die", value=dead / fills, unit="a fill")
    yield Figure(meaning="HOT updates of executions", value=hot / fills, unit="a fill")
    yield Figure(meaning="connections", value=number_of(connection, _CONNECTED), unit="")
    first, evaluations = costs(load, connection), load.evaluations()
    statements = statements_of(stack, seconds)
    spent = costs(load, connection).since(first)
    fills = load.evaluations() - evaluations
    yield Figure(meaning="WAL in a later minute", value=spent.wal / fills, unit="B a fill")
    yield Figure(meaning="statements", value=statements / seconds, unit="/s")
