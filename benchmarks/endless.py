"""An engine under a load that does not end: executions whose limit nobody reaches."""

import math
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.ground import ground
from fixengine.demo.engine import Engine
from fixengine.demo.feed.universe import priced_listings
from fixengine.demo.stack import Stack
from fixengine.demo.topics import TopicNames
from fixengine.infra.postgres.schema.migrate import migrate

_APART_SECONDS = 120.0
_OPEN = """
insert into execution (
    execution_service_id, is_open, execution_status, trade_type, destination, security_id, ticker,
    quantity_ordered, limit_price, received_timestamp, sent_timestamp, next_fill_timestamp
)
select
    1000000000 + n, true, 'WORK', 'BUY', 'ML', '68bda020e3644b42ebcb2bd3', t.ticker,
    50, 0.01, now(), now(),
    -- not in the order in which they were stored, but within so many of it
    now() + %(first)s
        + (n / %(apart)s * %(apart)s + n * 2654435761 %% %(apart)s) * %(within)s / %(number)s
from generate_series(1, %(number)s) as n
join (select ticker, row_number() over () - 1 as place from unnest(%(tickers)s::text[]) as ticker)
    as t on t.place = n %% cardinality(%(tickers)s::text[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The CPU seconds that a process has taken; the MiB, threads and descriptors it holds."""

    cpu: float
    memory: float
    threads: int
    descriptors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Endless:
    """A running engine, where it works, and how many seconds it took to be ready."""

    engine: Engine
    dsn: str
    topics: TopicNames
    ready_after: float

    def evaluations(self) -> float:
        """Return how many evaluations the engine has stored."""
        return sum(
            value
            for name, value in self.engine.samples().items()
            if name.startswith("fixengine_fills_total")
        )

    def rate(self, seconds: float) -> float:
        """Return evaluations a second, over so many of them."""
        before, began = self.evaluations(), time.monotonic()
        time.sleep(seconds)
        return (self.evaluations() - before) / (time.monotonic() - began)

    def usage(self) -> Usage:
        """Look at the engine's process; Linux alone."""
        folder = Path("/proc") / str(self.engine.process.pid)
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        pages = int((folder / "statm").read_text().split()[1])
        return Usage(
            cpu=(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
            memory=pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
            threads=len(list((folder / "task").iterdir())),
            descriptors=len(list((folder / "fd").iterdir())),
        )


@contextmanager
def endless(
    stack: Stack,
    *,
    executions: int,
    every: float,
    first: float = 0,
    within: float | None = None,
    settings: Mapping[str, str] | None = None,
    as_if_empty: bool = False,
) -> Iterator[Endless]:
    """Lend an engine with so many executions, each of them due every so many seconds.

    They fall due for the first time after `first` seconds, one after the other, all of them
    `within` so many seconds, or as many as lie between two times of one. Whichever is stored first
    falls due up to two minutes after others, as do real ones with the longest delay between fills.
    With `as_if_empty` the server's statistics are those of empty tables, and nothing cleans up.
    """
    with ground(stack) as place:
        with closing(psycopg.connect(place.dsn, autocommit=True)) as connection:
            migrate(connection)
            if as_if_empty:
                connection.execute("vacuum analyze")
                for table in ("execution", "outbox"):
                    connection.execute(
                        f"alter table {table} set (autovacuum_enabled = off)".encode()
                    )
            tickers = [listing.ticker for listing in priced_listings()]
            lasts = every if within is None else within
            apart = math.ceil(executions * min(_APART_SECONDS / lasts, 1))
            connection.execute(
                _OPEN.replace("%(first)s", f"interval '{first} s'")
                .replace("%(within)s", f"interval '{lasts} s'")
                .encode(),
                {"number": executions, "apart": apart, "tickers": tickers},
            )
            if not as_if_empty:
                connection.execute("vacuum analyze")
        engine = stack.engine(
            place.name,
            **place.settings,
            POSTGRES_DSN=place.dsn,
            FILL_DELAY_FIRST="3600",
            FILL_DELAY_MIN=str(every),
            FILL_DELAY_MAX=str(every),
            PUBLISH_EMPTY_FILLS="true",
            LOG_LEVEL="warning",
            **(settings or {}),
        )
        try:
            began = time.monotonic()
            engine.start()
            yield Endless(
                engine=engine,
                dsn=place.dsn,
                topics=place.topics,
                ready_after=time.monotonic() - began,
            )
        finally:
            engine.kill()
