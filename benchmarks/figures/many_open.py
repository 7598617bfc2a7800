"""Many open executions: what the same load takes beside ten thousand, a million, ten million.

The server's statistics are those of an empty table, and autovacuum is off: whatever looks at what
is open as a whole shows.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import psycopg

from benchmarks.costs import costs
from benchmarks.endless import Endless, endless
from benchmarks.figures.figure import Figure, Lend
from benchmarks.sql import number_of
from fixengine.infra.postgres.driver.connections import BY_INDEX, open_session
from fixengine.infra.postgres.driver.sessions import PINNED
from tests.support.postgres.plans import carried_out

_NUMBERS = (10_000, 1_000_000, 10_000_000)
_RATE = 2_000
"""Executions that fall due a second."""
_STORED_A_SECOND = 15_000
"""How fast they are stored at least; the first falls due when all are."""
_SECONDS = 20.0
_WARM_SECONDS = 10.0
_NO_FILTER = dict.fromkeys(
    (
        *("before_id", "is_open", "status", "ticker", "trade_type", "destination"),
        *("execution_service_id", "received_since", "received_until"),
    )
)
_STATEMENTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "what is due is counted, since ever": ("backlog", {"since": "-infinity"}),
    "the next time is asked": ("clock", {"since": "infinity", "until": None}),
    "a claim at the front": ("claim", {"limit": 800, "passed_over": [], "until": None}),
    "a sweep, behind all dead entries": (
        "claim",
        {"limit": 800, "passed_over": [], "until": None, "since": "-infinity"},
    ),
    "REST: the newest open 100": ("page_executions", {**_NO_FILTER, "is_open": True, "limit": 100}),
    "REST: the newest 100 of a status": (
        "page_executions",
        {**_NO_FILTER, "is_open": True, "status": "WORK", "limit": 100},
    ),
    "a stretch of the totals": ("add_up", {"after": 0, "limit": 100_000}),
}


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Measure the same load beside more and more that is open and not due."""
    for number in (int(scale * each) for each in _NUMBERS):
        with (
            lend() as stack,
            endless(
                stack,
                executions=number,
                every=number / _RATE,
                first=number / _STORED_A_SECOND,
                as_if_empty=True,
            ) as load,
        ):
            yield from _beside(f"{number:,} open", load)


def _beside(what: str, load: Endless) -> Iterator[Figure]:
    yield Figure(meaning=f"{what}: from start to ready", value=load.ready_after, unit="s")
    while not load.evaluations():
        time.sleep(1)
    time.sleep(_WARM_SECONDS)
    with psycopg.connect(load.dsn, autocommit=True) as connection:
        before = costs(load, connection)
        time.sleep(_SECONDS)
        spent = costs(load, connection).since(before)
        size = number_of(connection, "select pg_total_relation_size('execution')")
        rows = number_of(connection, "select count(*) from execution")
    fills = spent.evaluations
    yield Figure(meaning=f"{what}: fills", value=fills / _SECONDS, unit="/s")
    yield Figure(
        meaning=f"{what}: the engine's CPU", value=1e6 * spent.engine / fills, unit="µs a fill"
    )
    yield Figure(
        meaning=f"{what}: the database's CPU", value=1e6 * spent.database / fills, unit="µs a fill"
    )
    yield Figure(
        meaning=f"{what}: waited for cores that others had",
        value=spent.waited / _SECONDS,
        unit="s a second",
    )
    yield Figure(meaning=f"{what}: WAL", value=spent.wal / fills, unit="B a fill")
    yield Figure(meaning=f"{what}: the table", value=size / rows, unit="B a row")
    yield Figure(meaning=f"{what}: the engine's memory", value=load.usage().memory, unit="MiB")
    load.engine.kill()
    with closing(
        open_session(
            load.dsn,
            application_name="bench",
            statement_limit=600,
            answers_within=600,
            settings={**PINNED, **BY_INDEX},
        )
    ) as session:
        front = session.execute("select max(last_fill_timestamp) from execution").fetchone()
        assert front is not None
        for meaning, (name, parameters) in _STATEMENTS.items():
            began = time.monotonic()
            read = carried_out(session, name, {"since": front[0], **parameters})
            took = time.monotonic() - began
            yield Figure(meaning=f"{what}: {meaning}", value=1000 * took, unit="ms")
            yield Figure(meaning=f"{what}: {meaning}", value=read.blocks, unit="blocks")
