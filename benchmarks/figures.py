"""What is measured by itself, not against a floor: how long, how much, how often."""

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeAlias

import grpc
import psycopg

from benchmarks.clients import Answers, answers
from benchmarks.endless import Endless, endless
from benchmarks.serving import serving
from fixengine.demo.feed.feed import orders
from fixengine.demo.stack import Stack, surroundings
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.refs import Request, ask
from tests.support.collectors import grpc_server
from tests.support.steady import SteadyFeed

_EVERY = 10.0
_OPEN = 100_000
_MANY = 250_000  # more than any engine evaluates in 10 s
_STEADY = 5.0  # seconds until a load is what it will be
_LOOK_EVERY = 2.0  # seconds between looks at memory
_A_LOT = 10_000_000  # more than any engine evaluates in 10 min
_PAGE = "/api/v1/executions?limit=50"
_CLIENTS = 16
_ALLOCATOR = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"}  # as in the image
_NOTE_WHAT_LEAVES_THE_OUTBOX = """
create unlogged table gone (id integer, at timestamptz);
create function note_what_leaves() returns trigger language plpgsql as $$
begin
    insert into gone select execution_id, clock_timestamp() from leaving;
    return null;
end
$$;
create trigger outbox_leaving after delete on outbox referencing old table as leaving
    for each statement execute function note_what_leaves();
"""


Lend: TypeAlias = Callable[[], AbstractContextManager[Stack]]
"""Lends a stack that nothing has used: the embedded broker gets slower with what it keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value, and the most or the least that it should be."""

    meaning: str
    value: float
    unit: str
    limit: float | None = None
    at_most: bool = True

    @property
    def good(self) -> bool:
        """Whether it keeps to its limit, if it has one."""
        if self.limit is None:
            return True
        return self.value <= self.limit if self.at_most else self.value >= self.limit


def idle(lend: Lend, scale: float) -> Iterator[Figure]:
    """100,000 open executions, of which none falls due."""
    seconds = 30
    with (
        lend() as stack,
        endless(stack, executions=int(_OPEN * scale), every=_EVERY, first=3600) as load,
    ):
        time.sleep(_STEADY)
        before = load.usage().cpu
        time.sleep(seconds)
        cpu = load.usage().cpu - before
        statements = _statements(stack, seconds)
    yield Figure(meaning="CPU with nothing due", value=100 * cpu / seconds, unit="%", limit=1)
    yield Figure(
        meaning="statements with nothing due", value=statements / seconds, unit="/s", limit=4
    )


def latency(lend: Lend, scale: float) -> Iterator[Figure]:
    """Wait from due until acknowledged and marked, at half the full rate, price calls and all."""
    with lend() as stack, _saturated(stack) as load:
        most = load.rate(10 * scale)
    seconds = 30 * scale
    number = int(most / 2 * seconds)
    with (
        lend() as stack,
        endless(stack, executions=number, every=3600, first=15, within=seconds) as load,
    ):
        waits = sorted(_waits(load))
    for share, limit in ((0.5, 30.0), (0.99, 150.0)):
        yield Figure(
            meaning=f"due → acknowledged and marked at {most / 2:,.0f}/s, p{100 * share:.0f}",
            value=1000 * waits[int(share * (len(waits) - 1))],
            unit="ms",
            limit=limit,
        )


def wal(lend: Lend, scale: float) -> Iterator[Figure]:
    """Count what a fill costs the database, at full load."""
    with (
        lend() as stack,
        _saturated(stack) as load,
        psycopg.connect(load.dsn, autocommit=True) as connection,
    ):
        before = (load.evaluations(), _wal(connection), _transactions(connection))
        time.sleep(20 * scale)
        after = (load.evaluations(), _wal(connection), _transactions(connection))
    fills, size, commits = (now - then for now, then in zip(after, before, strict=True))
    yield Figure(meaning="WAL a fill", value=size / fills / 1024, unit="KiB", limit=3)
    yield Figure(meaning="transactions a thousand fills", value=1000 * commits / fills, unit="")


def start(lend: Lend, scale: float) -> Iterator[Figure]:
    """From the start of the process to readiness, and what of it are imports.

    But for the place in the group, whose time is the group's own.
    """
    ready, imports = [], []
    with lend() as stack:
        for _ in range(max(int(7 * scale), 3)):
            imports.append(_run("import fixengine.commands.serve") - _run("pass"))
            with endless(stack, executions=1, every=_EVERY, first=3600) as load:
                load.engine.kill()
                began = time.monotonic()
                load.engine.start(ready_within=None)
                while not load.engine.ready_but_for_the_group:
                    time.sleep(0.005)
                ready.append(time.monotonic() - began)
    yield Figure(meaning="start to ready", value=statistics.median(ready), unit="s", limit=1.5)
    yield Figure(meaning="imports", value=statistics.median(imports), unit="s", limit=0.5)


def rest(lend: Lend, scale: float) -> Iterator[Figure]:
    """REST at some rates of fills, and without any: clients that keep their connections.

    And what it stands on: Falcon on waitress, with nothing behind it.
    """
    with lend() as stack, _bare_server(stack) as url:
        bare = answers(url, ["/"], seconds=10 * scale, clients=_CLIENTS)
    yield Figure(meaning="a constant, Falcon on waitress alone", value=bare.rate, unit="/s")
    for fills in (5_000, 1_000, 0):
        number, first = int(fills * _EVERY) or 50_000, 0 if fills else 3600
        with (
            lend() as stack,
            endless(stack, executions=number, every=_EVERY, first=first) as load,
        ):
            time.sleep(_STEADY)
            before, began = load.evaluations(), time.monotonic()
            newest = _asked(load, [_PAGE], 10 * scale)
            each = _asked(
                load, [f"{_PAGE}&before={id_}" for id_ in range(51, number, 50)], 10 * scale
            )
            one = _asked(load, [f"/api/v1/execution/{id_}" for id_ in range(1, number)], 10 * scale)
            rate = (load.evaluations() - before) / (time.monotonic() - began)
        beside = f"beside {rate:,.0f} fills/s"
        yield _least(f"the newest page of 50, {beside}", newest.rate, "/s", 1500)
        yield Figure(
            meaning=f"the newest page, {beside}, p99", value=1000 * newest.p99, unit="ms", limit=50
        )
        yield _least(f"different pages of 50, {beside}", each.rate, "/s", 1500)
        yield _least(f"single executions, {beside}", one.rate, "/s", 3000)


def memory(lend: Lend, scale: float) -> Iterator[Figure]:
    """At rest, and the most within ten minutes of all the fills it can make; again with OTLP.

    Beside them 200 orders a second come in.
    """
    for exports in (False, True):
        with lend() as stack, _collector(stack) as collector:
            chosen = dict(_ALLOCATOR)
            if exports:
                chosen["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector
            with endless(
                stack, executions=int(_MANY * scale), every=_EVERY, first=30, settings=chosen
            ) as load:
                time.sleep(_STEADY)
                at_rest = load.usage().memory
                time.sleep(25)
                with _orders(stack, load, 200):
                    loaded = max(_memory(load, 600 * scale))
        name = "memory, OTLP on, " if exports else "memory "
        yield Figure(meaning=f"{name}at rest", value=at_rest, unit="MiB", limit=70)
        yield Figure(
            meaning=f"{name}in {10 * scale:g} min of fills at full load, at the most",
            value=loaded,
            unit="MiB",
            limit=70,
        )


def pinned(lend: Lend, scale: float) -> Iterator[Figure]:
    """Ten minutes of full load while a session holds up all cleaning up, and ten while none does.

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
            time.sleep(_STEADY)
            with holds_up(load.dsn):
                time.sleep(420 * scale)
                rates[name] = load.rate(180 * scale)
            left = number - load.evaluations()
        if left <= 0:
            raise RuntimeError("nothing was due any more: give it more to do")
    yield _least(
        f"fills after {10 * scale:g} min of a pinned xmin ÷ after as long without",
        rates["pinned"] / rates["free"],
        "",
        0.9,
    )


def soak(lend: Lend, scale: float) -> Iterator[Figure]:
    """Half load for half an hour: the last third against the second."""
    with lend() as stack, _saturated(stack) as load:
        most = load.rate(10)
    looks: list[Mapping[str, float]] = []
    with (
        lend() as stack,
        endless(stack, executions=int(most / 2 * _EVERY), every=_EVERY) as load,
        _orders(stack, load, 50),
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


class _Echo(Actor):
    def receive(self, message: object) -> object:
        return message


def actors(_lend: Lend, scale: float) -> Iterator[Figure]:
    """Ask and be answered, as is done four times for a claim of up to 800 executions."""
    number = int(20_000 * scale)
    anything = Request[object]()
    echo = _Echo.start()
    ask(echo, Boot(), timeout=5)
    began = time.perf_counter()
    for _ in range(number):
        ask(echo, anything, timeout=5)
    took = time.perf_counter() - began
    echo.stop()
    yield Figure(meaning="an ask and its reply", value=1e6 * took / number, unit="µs")


FIGURES: Mapping[str, Callable[[Lend, float], Iterator[Figure]]] = {
    each.__name__: each for each in (actors, idle, latency, wal, start, rest, memory, pinned, soak)
}
LONG = frozenset({"memory", "pinned", "soak"})
"""Those that take ten minutes and more."""


@contextmanager
def _saturated(stack: Stack) -> Iterator[Endless]:
    with endless(stack, executions=_MANY, every=_EVERY) as load:
        time.sleep(_EVERY + _STEADY)
        yield load


@contextmanager
def _holder(dsn: str) -> Iterator[None]:
    """Keep a snapshot, so that nothing that was there may be cleaned up."""
    with psycopg.connect(dsn) as connection:
        connection.execute("set transaction isolation level repeatable read")
        connection.execute("select pg_current_xact_id(), count(*) from outbox")
        yield


@contextmanager
def _orders(stack: Stack, load: Endless, rate: float) -> Iterator[None]:
    with SteadyFeed(
        orders(seed=2), bootstrap=stack.broker.bootstrap, topic=load.topics.orders, rate=rate
    ):
        yield


@contextmanager
def _collector(stack: Stack) -> Iterator[str]:
    """Lend the address of a collector that takes everything and keeps nothing."""

    class Sink(grpc.GenericRpcHandler):
        # in quotes: only grpc's types know that it has parameters
        def service(
            self, _details: grpc.HandlerCallDetails
        ) -> "grpc.RpcMethodHandler[bytes, bytes]":
            return grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")

    port = stack.workspace.reserve_port()
    with grpc_server(port, lambda server: server.add_generic_rpc_handlers((Sink(),))):
        yield f"127.0.0.1:{port}"


def _waits(load: Endless) -> Iterator[float]:
    """Yield the seconds from when executions were due until their fills had left the outbox.

    All by the database's clock; a fill leaves the outbox when the broker has acknowledged it.
    """
    with psycopg.connect(load.dsn, autocommit=True) as connection:
        connection.execute(_NOTE_WHAT_LEAVES_THE_OUTBOX)
        due: dict[int, float] = dict(
            connection.execute(
                "select id, extract(epoch from next_fill_timestamp)::float8 from execution"
            ).fetchall()
        )
        while _number(connection, "select count(*) from gone") < len(due):
            time.sleep(1)
        gone = connection.execute("select id, extract(epoch from at)::float8 from gone")
        for id_, at in gone:
            if at < due[id_]:
                raise RuntimeError("some were filled before their times were read: start later")
            yield at - due[id_]


def _behind(connection: psycopg.Connection, seconds: float) -> Iterator[tuple[float, float]]:
    """Yield for how long the oldest due execution has been due, and how many rows are dead."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        oldest = _number(
            connection,
            "select coalesce(1000 * extract(epoch from now() - min(next_fill_timestamp)), 0) "
            "from execution where is_open and next_fill_timestamp <= now()",
        )
        dead = _number(
            connection, "select n_dead_tup from pg_stat_user_tables where relname = 'execution'"
        )
        yield oldest / 1000, dead
        time.sleep(0.2)


@contextmanager
def _bare_server(stack: Stack) -> Iterator[str]:
    port = stack.workspace.reserve_port()
    server = stack.workspace.child(
        "bare-server",
        [sys.executable, "-m", "benchmarks.floors", "rest"],
        environment={**surroundings(), "HTTP_PORT": str(port)},
    )
    url = f"http://127.0.0.1:{port}"
    with serving(server, url):
        yield url


def _memory(load: Endless, seconds: float) -> Iterator[float]:
    """Look at what is resident, every few seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(_LOOK_EVERY)
        yield load.usage().memory


def _asked(load: Endless, paths: Sequence[str], seconds: float) -> Answers:
    return answers(load.engine.url, paths, seconds=seconds, clients=_CLIENTS)


def _least(meaning: str, value: float, unit: str, limit: float) -> Figure:
    return Figure(meaning=meaning, value=value, unit=unit, limit=limit, at_most=False)


def _run(program: str) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", program], check=True, env=dict(surroundings()))
    return time.monotonic() - began


def _statements(stack: Stack, seconds: float) -> int:
    """Count what the server is asked to do meanwhile, a `begin` and a `commit` each as one."""
    log = stack.workspace.folder / "postgres.log"
    with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
        connection.execute("alter system set log_statement = 'all'")
        connection.execute("select pg_reload_conf()")
        time.sleep(1)
        before = log.stat().st_size
        time.sleep(seconds)
    return len(re.findall(rb"LOG:  (?:statement|execute)", log.read_bytes()[before:]))


def _transactions(connection: psycopg.Connection) -> int:
    return _number(
        connection,
        "select xact_commit + xact_rollback from pg_stat_database "
        "where datname = current_database()",
    )


def _wal(connection: psycopg.Connection) -> int:
    return _number(connection, "select pg_current_wal_lsn() - '0/0'")


def _number(connection: psycopg.Connection, statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])
