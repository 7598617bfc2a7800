"""One engine at full speed on the embedded stack: `make bench`.

Orders are sent as fast as the broker takes them, and stored; then all fall due at once, and are
filled and published until they are FULL. The neighbours are on the same machine and answer at once.
"""

import argparse
import re
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from fixengine.demo.engine import Engine
from fixengine.demo.feed import orders
from fixengine.demo.options import BrokerKind
from fixengine.demo.sending import send_orders
from fixengine.demo.stack import Stack
from fixengine.demo.waiting import wait_until

_WARM_UP = 1_000
_SETTINGS = {"FILL_DELAY_FIRST": "3600", "FILL_DELAY_MIN": "0.05", "FILL_DELAY_MAX": "1"}
_STORED = "select count(*) from execution"
_LEFT = "select (select count(*) from execution where is_open) + (select count(*) from outbox)"
_SESSIONS = "select count(*) from pg_stat_activity where datname = 'postgres' and pid <> "
_SESSIONS += "pg_backend_pid() and backend_type = 'client backend'"
_BYTES = "select pg_total_relation_size('execution') + pg_total_relation_size('fill')"


def main() -> int:
    """Measure, print a table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--orders", type=int, default=30_000, metavar="N")
    parser.add_argument("--stack", type=BrokerKind, default=BrokerKind.EMBEDDED)
    arguments = parser.parse_args()
    with Stack(broker=arguments.stack) as stack:
        figures = _measure(stack, arguments.orders)
    table = Table("what", "measured")
    for what, figure in figures:
        table.add_row(what, figure)
    Console().print(table)
    return 0


def _measure(stack: Stack, number: int) -> list[tuple[str, str]]:
    stack.start()
    stack.create_topic()
    engine = stack.engine(**_SETTINGS)
    start = _timed(engine.start)
    wait_until(lambda: engine.metric("fixengine_assigned_partitions") == 20, 30, "partitions")
    at_rest = _resident(engine)
    _store(stack, _WARM_UP, first_id=1)
    stored = _timed(lambda: _store(stack, number, first_id=_WARM_UP + 1))
    filled = _timed(lambda: _fill(stack))
    with psycopg.connect(stack.postgres.dsn) as connection:
        fills = _one(connection, "select count(*) from fill")
        sessions = _one(connection, _SESSIONS)
        size = _one(connection, _BYTES)
    return [
        ("start to ready", f"{start:.2f} s"),
        ("orders stored", f"{number / stored:,.0f} /s"),
        ("fills published", f"{fills / filled:,.0f} /s"),
        ("resident memory at rest", f"{at_rest:.0f} MiB"),
        ("resident memory after the load", f"{_resident(engine):.0f} MiB"),
        ("database connections", f"{sessions}"),
        ("database size for an order with its fills", f"{size / (number + _WARM_UP):,.0f} bytes"),
    ]


def _store(stack: Stack, number: int, *, first_id: int) -> None:
    batch = list(islice(orders(seed=1, first_id=first_id), number))
    send_orders(stack.broker.bootstrap, stack.topics.orders, batch)
    with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
        wanted = first_id - 1 + number
        wait_until(lambda: _one(connection, _STORED) == wanted, 300, "orders to be stored")


def _fill(stack: Stack) -> None:
    with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
        connection.execute("update execution set next_fill_timestamp = now()")
        wait_until(lambda: _one(connection, _LEFT) == 0, 600, "orders to be filled")


def _one(connection: "psycopg.Connection[tuple[int, ...]]", statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])


def _timed(call: Callable[[], object]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


def _resident(engine: Engine) -> float:
    status = Path(f"/proc/{engine.process.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
