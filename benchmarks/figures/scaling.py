"""What docs/scaling.md counts on: what a fill takes at given rates, beside all that is open then.

The server keeps what it commits, as one that matters does: the first change to a page after a
checkpoint logs all of it. What is open falls due as often as with the default delays. The limits
are the page's numbers, and a third more, by which CPU scatters on a machine that others use too.
"""

import time
from collections.abc import Iterator, Mapping
from itertools import takewhile

import psycopg

from benchmarks.costs import costs
from benchmarks.endless import Endless, endless
from benchmarks.figures.figure import Figure, Lend
from benchmarks.figures.loads import STEADY_SECONDS
from benchmarks.sql import number_of
from benchmarks.statements import statements_of
from fixengine.demo.stack import Stack
from tests.support.documents import page

UNITS: Mapping[str, str] = {
    "fills": "/s",
    "the engine's CPU": "µs a fill",
    "the database's CPU": "µs a fill",
    "transactions": "/s",
    "statements": "/s",
    "WAL in the minute after a checkpoint": "B a fill",
    "whole pages in that minute": "a fill",
    "WAL in the next minute": "B a fill",
    "rows that die": "a fill",
    "HOT updates of executions": "a fill",
    "connections": "",
}
"""What is measured at each rate, and is in the page's table."""

_RATES = (100, 1_000)
_EVERY_SECONDS = 62.5
"""Between two fills of an execution, with the default delays."""
_SCATTER = 4 / 3
_COUNTED = """
select
    (select wal_fpi from pg_stat_wal),
    sum(n_tup_upd + n_tup_del - n_tup_hot_upd) filter (where relname in ('execution', 'outbox')),
    sum(n_tup_hot_upd) filter (where relname = 'execution')
from pg_stat_user_tables
"""
_CONNECTED = """
select count(*) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""


def said(text: str) -> Mapping[tuple[int, str], float]:
    """Return the numbers of the page's table, by fills a second and by what they are of."""
    lines = iter(text.splitlines())
    head = next(line for line in lines if line.startswith("| measured at |"))
    rates = [int(_number(cell.removesuffix(" fills/s"))) for cell in _cells(head)[1:]]
    next(lines)  # the line below the head
    return {
        (rate, what.partition(",")[0]): _number(cell)
        for what, *cells in map(_cells, takewhile(lambda line: line.startswith("|"), lines))
        for rate, cell in zip(rates, cells, strict=True)
    }


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Measure two minutes at each rate; the first begins with a checkpoint."""
    limits = said(page("scaling"))
    for rate in _RATES:
        with (
            lend(durable=True) as stack,
            endless(
                stack, executions=int(rate * _EVERY_SECONDS), every=_EVERY_SECONDS, first=5
            ) as load,
            psycopg.connect(load.dsn, autocommit=True) as connection,
        ):
            time.sleep(STEADY_SECONDS)
            measured = _measured(stack, load, connection, _EVERY_SECONDS * scale)
        for what, unit in UNITS.items():
            yield Figure(
                meaning=f"at {rate:,} fills/s: {what}",
                value=measured[what],
                unit=unit,
                limit=float(f"{_SCATTER * limits[rate, what]:.3g}"),
            )


def _measured(
    stack: Stack, load: Endless, connection: psycopg.Connection, seconds: float
) -> Mapping[str, float]:
    connection.execute("checkpoint")
    before, counted = costs(load, connection), _counted(connection)
    time.sleep(seconds)
    first = costs(load, connection).since(before)
    images, dead, hot = (
        now - then for now, then in zip(_counted(connection), counted, strict=True)
    )
    before = costs(load, connection)
    statements = statements_of(stack, seconds)
    second = costs(load, connection).since(before)
    return {
        "fills": first.evaluations / seconds,
        "the engine's CPU": 1e6 * first.engine / first.evaluations,
        "the database's CPU": 1e6 * first.database / first.evaluations,
        "transactions": first.commits / seconds,
        "statements": statements / seconds,
        "WAL in the minute after a checkpoint": first.wal / first.evaluations,
        "whole pages in that minute": images / first.evaluations,
        "WAL in the next minute": second.wal / second.evaluations,
        "rows that die": dead / first.evaluations,
        "HOT updates of executions": hot / first.evaluations,
        "connections": number_of(connection, _CONNECTED),
    }


def _counted(connection: psycopg.Connection) -> tuple[int, ...]:
    row = connection.execute(_COUNTED.encode()).fetchone()
    assert row is not None
    return tuple(map(int, row))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _number(cell: str) -> float:
    return float(cell.replace(",", ""))
