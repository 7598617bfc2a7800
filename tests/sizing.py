"""Measures what docs/sizing.md tells: `make sizing`. Linux alone, it reads /proc."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Event, Thread

import psycopg

from fixengine.demo.engine import Engine
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.stack import Stack
from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import FAST, audited, count, send, wait_until_done
from tests.support.feed.steady import SteadyFeed
from tests.support.stacks import BrokerKind
from tests.support.watchers import open_pages

_BURST = 20_000
_RATES = (10, 50, 200)  # orders a second
_RATE_WATCHED, _PAGES = 50, 50
_STEADY_SECONDS = 20.0
_REST_SECONDS = 10.0
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make sizing", description=__doc__)
    kinds = [kind.value for kind in BrokerKind]
    parser.add_argument("--stack", choices=kinds, default=BrokerKind.EMBEDDED.value)
    kind = BrokerKind(parser.parse_args().stack)
    with Stack(servers=kind.servers) as stack:
        stack.start()
        stack.create_topic()
        measure(stack)


def measure(stack: Stack) -> None:
    feed = orders(seed=1)
    fed: list[FedOrder] = []
    engine = stack.engine("engine", **FAST)
    began = time.monotonic()
    engine.start(ready_within=None)
    wait_until(lambda: engine.ready_but_for_the_group, 60, "all but a place in the group")
    say(
        "from start to ready, without the wait for a place in the group",
        f"{time.monotonic() - began:.1f} s",
    )
    wait_until(lambda: engine.metric("fixengine_assigned_partitions") == 20, 60, "partitions")
    with cpu_of(engine) as used:
        time.sleep(_REST_SECONDS)
    say("resident memory at rest", f"{memory(engine, 'VmRSS'):.0f} MiB")
    say("CPU at rest", f"{1000 * used[0] / _REST_SECONDS:.0f} m")

    for rate in _RATES:
        with cpu_of(engine) as used, steady_feed(stack, feed, rate) as steady:
            time.sleep(_STEADY_SECONDS)
        fed += steady.sent
        wait_until_done(stack, fed)
        say(f"CPU at {rate} orders a second", f"{1000 * used[0] / _STEADY_SECONDS:.0f} m")

    port = int(engine.url.rpartition(":")[2])
    with (
        open_pages(port, _PAGES) as took,
        cpu_of(engine) as used,
        steady_feed(stack, feed, _RATE_WATCHED) as steady,
    ):
        time.sleep(_STEADY_SECONDS)
    fed += steady.sent
    wait_until_done(stack, fed)
    say(
        f"CPU at {_RATE_WATCHED} a second, {_PAGES} blotters open",
        f"{1000 * used[0] / _STEADY_SECONDS:.0f} m",
    )
    say(
        "a blotter's answer, median and 99 %",
        f"{took[len(took) // 2]:.1f} ms, {took[len(took) * 99 // 100]:.1f} ms",
    )

    burst = tuple(islice(feed, _BURST))
    fed += burst
    before = count(stack, "execution"), count(stack, "fill")
    with connections(stack) as most, cpu_of(engine) as used:
        began = time.monotonic()
        send(stack, burst)
        wait_until(lambda: count(stack, "execution") == before[0] + _BURST, 300, "intake")
        stored = time.monotonic() - began
        wait_until_done(stack, fed, 300)
        filled = time.monotonic() - began
    fills = count(stack, "fill") - before[1]
    say(f"{_BURST} orders at once: stored", f"{_BURST / stored:.0f} a second")
    say("filled and published", f"{fills / filled:.0f} fills a second")
    say("CPU for 1,000 orders until they are full", f"{1000 * used[0] / _BURST:.2f} s")
    say("fills an order", f"{fills / _BURST:.2f}")
    say("resident memory at the most", f"{memory(engine, 'VmHWM'):.0f} MiB")
    say("connections at the most", str(most[0]))
    began = time.monotonic()
    engine.terminate()
    say("from SIGTERM to the end", f"{time.monotonic() - began:.1f} s")
    storage(stack)
    sys.stdout.write(f"{audited(stack, fed).summary()}\n")


def steady_feed(stack: Stack, feed: Iterator[FedOrder], rate: float) -> SteadyFeed:
    return SteadyFeed(feed, bootstrap=stack.broker.bootstrap, topic=stack.topics.orders, rate=rate)


def storage(stack: Stack) -> None:
    """Tell bytes a row, indexes included, and bytes a message."""
    with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
        left = size(connection, "execution") + size(connection, "fill")
        orders_left = count(stack, "execution")
        say("an order with its fills, as it was left", f"{left / orders_left:.0f}")
        for table in ("execution", "fill"):
            connection.execute(f"vacuum full {table}".encode())
            compact = size(connection, table) / count(stack, table)
            say(f"a row of `{table}` with its indexes, compact", f"{compact:.0f}")
    for topic in (stack.topics.orders, stack.topics.fills):
        records = read_topic(stack.broker.bootstrap, topic)
        total = sum(len(record.value or b"") + len(record.key or b"") for record in records)
        say(f"a message of `{topic}`, key and value", f"{total / len(records):.0f}")


def size(connection: psycopg.Connection, table: str) -> int:
    """Return the bytes of a table with its indexes, and with its parts when it has any."""
    row = connection.execute(
        "select pg_total_relation_size(%(table)s) + coalesce("
        "    (select sum(pg_total_relation_size(relid)) from pg_partition_tree(%(table)s)"
        "     where isleaf), 0)::bigint",
        {"table": table},
    ).fetchone()
    assert row is not None
    return int(row[0])


def memory(engine: Engine, name: str) -> float:
    """Return a figure of /proc/PID/status, in MiB."""
    status = Path(f"/proc/{engine.process.pid}/status").read_text("ascii")
    (line,) = (line for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


@contextmanager
def cpu_of(engine: Engine) -> Iterator[list[float]]:
    """Lend a list that has the seconds of CPU the engine used in the meantime, afterwards."""

    def seconds() -> float:
        fields = Path(f"/proc/{engine.process.pid}/stat").read_text("ascii").rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / _TICKS

    used: list[float] = []
    before = seconds()
    yield used
    used.append(seconds() - before)


@contextmanager
def connections(stack: Stack) -> Iterator[list[int]]:
    """Lend a list that has the most connections the engine had in the meantime, afterwards."""
    most, over = [0], Event()

    def watch() -> None:
        with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
            while not over.wait(0.05):
                row = connection.execute(
                    "select count(*) from pg_stat_activity where application_name = %s",
                    [os.environ.get("HOSTNAME") or os.uname().nodename],
                ).fetchone()
                assert row is not None
                most[0] = max(most[0], row[0])

    thread = Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def say(what: str, figure: str) -> None:
    sys.stdout.write(f"| {what} | {figure} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
