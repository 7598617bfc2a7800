"""An engine of the contract as a program: this one, or another that it is compared with."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from pathlib import Path

import psycopg
import urllib3
from psycopg.conninfo import conninfo_to_dict

from benchmarks.ground import Ground, ground
from benchmarks.processes import session_cpu
from benchmarks.sql import number_of
from fixengine.demo.engine import Engine
from fixengine.demo.errors import DemoError
from fixengine.demo.feed.universe import priced_listings
from fixengine.demo.process import ChildProcess
from fixengine.demo.stack import Stack, surroundings

_READY_SECONDS = 60.0
_numbers = count(1)

_LONE = """
insert into execution (
    execution_service_id, is_open, execution_status, trade_type, destination, security_id, ticker,
    quantity_ordered, limit_price, received_timestamp, sent_timestamp, next_fill_timestamp
)
select
    1000000000 + n, true, 'WORK', 'BUY', 'ML', '68bda020e3644b42ebcb2bd3',
    (%(tickers)s::text[])[1 + n %% cardinality(%(tickers)s::text[])], 50, 0.01, now(), now(),
    -- what is left of a delay between 5 and 120 s that began some time ago
    now() + random() * sqrt(25 + random() * (14400 - 25)) * interval '1 second'
from generate_series(1, %(number)s) as n
"""
"""Executions whose limit nobody reaches, with the delays that they would have after a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run, with the settings of an engine in its environment."""

    name: str
    command: tuple[str, ...]


OURS = Program(name="this engine", command=(sys.executable, "-m", "fixengine", "serve"))


def program_at(path: str) -> Program:
    """Return the program of an option; raises ArgumentTypeError unless it can be run."""
    file = Path(path).resolve()
    if not file.is_file():
        raise argparse.ArgumentTypeError(f"there is no program at {file}")
    if not os.access(file, os.X_OK):
        raise argparse.ArgumentTypeError(f"{file} is not executable: chmod +x {file}")
    return Program(name=file.name, command=(str(file),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A program at work, seen through what every engine of the contract has."""

    engine: Engine
    place: Ground

    @property
    def pid(self) -> int:
        """Its process, which leads its session."""
        return self.engine.process.pid

    def cpu(self) -> float:
        """Return the CPU seconds that it has taken."""
        return session_cpu(self.pid)

    def number(self, statement: str) -> int:
        """Return the only number that a statement returns; raises RuntimeError once it ended."""
        if not self.engine.process.running:
            raise RuntimeError(
                f"{self.engine.process.name} ended with {self.engine.process.exit_code}: "
                f"{self.engine.process.last_words()}"
            )
        with psycopg.connect(self.place.dsn, autocommit=True) as connection:
            return number_of(connection, statement)

    def fills(self) -> int:
        """Return how many evaluations it has stored."""
        return self.number("select coalesce(sum(number_of_fills), 0) from execution")

    def open_some(self, number: int) -> None:
        """Store so many executions that stay open; each is due every 5 to 120 s."""
        tickers = [listing.ticker for listing in priced_listings()]
        with psycopg.connect(self.place.dsn, autocommit=True) as connection:
            connection.execute(_LONE, {"number": number, "tickers": tickers})
            connection.execute("vacuum analyze execution")


@contextmanager
def trial(
    stack: Stack,
    program: Program,
    settings: Mapping[str, str],
    *,
    before: Callable[[Ground], None] = lambda _place: None,
    within: Sequence[str] = (),
    ready_within: float = _READY_SECONDS,
) -> Iterator[Trial]:
    """Lend a program that is ready; `within` is a command that starts it, after `before` was done.

    Raises DemoError when it ends before that, or is not ready in time.
    """
    with ground(stack) as place:
        before(place)
        port = stack.workspace.reserve_port()
        process = stack.workspace.child(
            f"{program.name}-{next(_numbers)}",
            [*within, *program.command],
            environment={
                **surroundings(),
                **_database(place.dsn),
                **place.settings,
                "KAFKA_BROKERS": stack.broker.bootstrap,
                "KAFKA_CLIENT_CONFIG": json.dumps(dict(stack.broker.client_config)),
                "HTTP_PORT": str(port),
                "HEALTH_PORT": str(stack.workspace.reserve_port()),
                **settings,
            },
        )
        engine = Engine(process=process, http_port=port, health_port=port)
        try:
            process.start()
            _wait_until_ready(engine, ready_within)
            yield Trial(engine=engine, place=place)
        finally:
            _end(process)
            engine.close()


def _database(dsn: str) -> Mapping[str, str]:
    """Return the settings that every engine has for it, in parts."""
    parts = conninfo_to_dict(dsn)
    return {
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_PORT": str(parts["port"]),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": str(parts.get("password") or "none"),
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_SSLMODE": "disable",
    }


def _wait_until_ready(engine: Engine, seconds: float) -> None:
    try:
        engine.process.wait_until_up(lambda: _ready(engine.url), seconds)
    except DemoError as error:
        raise DemoError(
            f"{error} (a program is ready once /readyz on its HTTP_PORT answers 200, "
            "or /healthz where there is no /readyz)"
        ) from error


def _ready(url: str) -> bool:
    try:
        status = urllib3.request("GET", f"{url}/readyz", retries=False).status
        if status == HTTPStatus.NOT_FOUND:
            status = urllib3.request("GET", f"{url}/healthz", retries=False).status
    except urllib3.exceptions.HTTPError:
        return False
    return status == HTTPStatus.OK


def _end(process: ChildProcess) -> None:
    """End a program and what it has started; does nothing if it never was."""
    if process.running or process.exit_code is not None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
