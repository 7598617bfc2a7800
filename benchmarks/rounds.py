"""One round: a program on a fresh database and topics, watched from outside until it is done."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count, islice
from typing import TypeAlias

import psycopg

from benchmarks.neighbours import neighbours
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.feed.universe import Listing, priced_listings
from fixengine.demo.process import ChildProcess
from fixengine.demo.stack import Stack, surroundings
from fixengine.demo.topics import TopicNames, count_records, create_topic
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.postgres.schema.migrate import migrate
from tests.support.topics import drop_topics

_LOOK_EVERY = 0.1  # it counts what there is, which takes the database a while
_SHORTEST = 0.5  # seconds
_DEADLINE = 300.0
_LATER = "3600"
_numbers = count(1)

_DUE = """
insert into execution (
    execution_service_id, is_open, execution_status, trade_type, destination, security_id, ticker,
    quantity_ordered, received_timestamp, sent_timestamp, next_fill_timestamp
)
select
    1000000000 + n, true, 'WORK', 'BUY', 'ML', '68bda020e3644b42ebcb2bd3', t.ticker,
    50, now() - interval '1 minute', now() - interval '1 minute',
    now() - interval '1 second' + n * interval '1 microsecond'
from generate_series(1, %(number)s) as n
join (select ticker, row_number() over () - 1 as place from unnest(%(tickers)s::text[]) as ticker)
    as t on t.place = n %% cardinality(%(tickers)s::text[])
"""
_CLOSED = """
insert into execution (
    execution_service_id, is_open, execution_status, trade_type, destination, security_id, ticker,
    quantity_ordered, received_timestamp, sent_timestamp, last_fill_timestamp, quantity_filled,
    number_of_fills, total_amount, version
)
select
    1500000000 + n, false, 'FULL', 'BUY', 'ML', '68bda020e3644b42ebcb2bd3', 'A', 50,
    now() - interval '1 day', now() - interval '1 day', now() - interval '1 day', 50, 1, 5000, 2
from generate_series(1, %(number)s) as n
"""
_CLOSED_FILLS = """
insert into fill
select id, 1, 50, 100, last_fill_timestamp, 50, 5000, 2, true from execution
"""
_CHANGING = ("execution", "execution_trace", "outbox")
_STORED = "select coalesce(max(id), 0) - %(there)s from execution"
_STRANGERS = tuple(
    Listing(security_id=f"{number:024x}", ticker="", name="", price=1.0)
    for number in range(0xBAD000, 0xBAD000 + 200)
)
_PUBLISHED = """
select (select count(*) from fill where execution_id > %(closed)s) - (select count(*) from outbox)
"""
_AT_WORK = "select distinct owner from outbox"
_FILLED = """
select count(*), count(distinct execution_id) from fill where execution_id > %(closed)s
"""
_LEFT = "select count(*) from execution where id <= %(closed)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What there is to do: orders on their topic, and executions that are due.

    Among the orders are those of `strangers`, securities that nobody knows; beside what is due are
    `closed` executions, which nobody has to do with any more unless they are to be deleted. With
    `after_idling` the database's statistics are of the time before anything was due, and stay so.
    """

    orders: int = 0
    strangers: int = 0
    due: int = 0
    closed: int = 0
    delete_closed: bool = False
    after_idling: bool = False


Latencies: TypeAlias = tuple[float, float]
"""Seconds that an answer takes: of pricing-service, and of security-service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Orders stored, and fills acknowledged and marked, a second.

    None where there were none, or where that took too short to say.
    """

    orders: float | None
    fills: float | None


class _Course:
    """How far something had come, at each look."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._looks: list[tuple[float, int]] = []

    @property
    def done(self) -> bool:
        """Whether it has come to its end, as does at once what has nothing to do."""
        return self._target == 0 or bool(self._looks and self._looks[-1][1] >= self._target)

    @property
    def warm(self) -> tuple[float, float] | None:
        """When a tenth of it was behind, and its end; None if there was nothing to do."""
        warmed_up = [at for at, number in self._looks if number > self._target // 10]
        return (warmed_up[0], warmed_up[-1]) if warmed_up else None

    def see(self, number: int) -> None:
        """Take note of a look."""
        self._looks.append((time.monotonic(), number))

    def rate(self, since: float, until: float) -> float | None:
        """Return how much a second it made in between; None if that was too short to say."""
        looks = [look for look in self._looks if since <= look[0] <= until]
        if not looks or looks[-1][0] - looks[0][0] < _SHORTEST:
            return None
        return (looks[-1][1] - looks[0][1]) / (looks[-1][0] - looks[0][0])


class Rounds:
    """Rounds on one stack, each with a database, topics and a group of its own."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._tickers = [listing.ticker for listing in priced_listings()]
        self._templates: set[str] = set()

    def engines(self, load: Load, number: int, latencies: Latencies) -> Rates:
        """Let so many engines do it. They evaluate each due execution once, and publish that."""
        return self._round(load, latencies, ("fixengine", "serve"), number)

    def floor(self, load: Load, latencies: Latencies) -> Rates:
        """Let the bare loop do it: the one for orders, or the one for fills."""
        loop = "intake" if load.orders else "fills"
        return self._round(load, latencies, ("benchmarks.floors", loop), 1)

    def _round(
        self, load: Load, latencies: Latencies, program: tuple[str, str], number: int
    ) -> Rates:
        name = f"bench{next(_numbers)}"
        stack = self._stack
        with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
            template = self._with_closed(connection, load.closed) if load.closed else "template1"
            connection.execute(
                f"create database {name} template {template} strategy file_copy".encode()
            )
        dsn = stack.postgres.dsn_of(name)
        topics = TopicNames(orders=name, fills=f"{name}.fills", dlq=f"{name}.dlq", group=name)
        with closing(psycopg.connect(dsn, autocommit=True)) as connection:
            migrate(connection)
            if load.after_idling:
                connection.execute("vacuum analyze")
                for table in _CHANGING:
                    connection.execute(
                        f"alter table {table} set (autovacuum_enabled = off)".encode()
                    )
            connection.execute(_DUE.encode(), {"number": load.due, "tickers": self._tickers})
            # what differs are the statistics alone, not whether what is due was tidied up
            connection.execute(b"vacuum" if load.after_idling else b"vacuum analyze")
        for topic in (topics.orders, topics.fills):
            create_topic(stack.broker.bootstrap, topic)
        os.sync()  # or the copy of a large database is written to disk while others work
        send_orders(stack.broker.bootstrap, topics.orders, _orders(load))
        settings = {
            "POSTGRES_DSN": dsn,
            "KAFKA_ORDERS_TOPIC": topics.orders,
            "KAFKA_FILLS_TOPIC": topics.fills,
            "KAFKA_DLQ_TOPIC": topics.dlq,
            "KAFKA_CONSUMER_GROUP": topics.group,
            "FILL_DELAY_FIRST": _LATER,
            "FILL_DELAY_MIN": _LATER,
            "FILL_DELAY_MAX": _LATER,
            "PUBLISH_EMPTY_FILLS": "true",
            "LOG_LEVEL": "warning",
        }
        if load.delete_closed:
            settings["RETENTION_DAYS"] = "1"
        price_call, security_call = latencies
        with neighbours(stack, latency=price_call, security_latency=security_call) as urls:
            programs = [
                _child(stack, *program, stack.environment(**settings, **urls))
                for _ in range(number)
            ]
            with _running(programs):
                rates = _watch(dsn, load, programs)
        kafka = Cluster(brokers=stack.broker.bootstrap, client_id="benchmark")
        _verify(dsn, load, count_records(kafka, topics.fills))
        with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
            connection.execute(f"drop database {name} with (force)".encode())
        drop_topics(stack.broker.bootstrap, (topics.orders, topics.fills))
        return rates

    def _with_closed(self, connection: psycopg.Connection, number: int) -> str:
        """Return the database that others with so many closed executions are copied from."""
        name = f"closed{number}"
        if name not in self._templates:
            self._templates.add(name)
            connection.execute(f"create database {name}".encode())
            with closing(
                psycopg.connect(self._stack.postgres.dsn_of(name), autocommit=True)
            ) as inside:
                migrate(inside)
                inside.execute(_CLOSED.encode(), {"number": number})
                inside.execute(_CLOSED_FILLS)
                inside.execute("vacuum analyze")
        return name


def _orders(load: Load) -> Iterator[FedOrder]:
    """Yield the orders of a load, those of strangers evenly among them."""
    strangers = iter(
        orders(seed=2, first_id=500_000_000, listings=_STRANGERS) if load.strangers else ()
    )
    every = load.orders // load.strangers if load.strangers else load.orders
    for number, order in enumerate(islice(orders(seed=1), load.orders), 1):
        yield order
        if number % every == 0:
            yield from islice(strangers, 1)


def _watch(dsn: str, load: Load, programs: Sequence[ChildProcess]) -> Rates:
    """Look at what is done until all of it is; where there are two kinds, while both are at it."""
    stored, published = _Course(load.orders), _Course(load.due)
    there = {"closed": load.closed, "there": load.closed + load.due}
    at_work: set[int] = set()
    deadline = time.monotonic() + _DEADLINE
    with psycopg.connect(dsn, autocommit=True) as connection:
        while not (stored.done and published.done):
            for course, query in ((stored, _STORED), (published, _PUBLISHED)):
                if not course.done:
                    row = connection.execute(query.encode(), there).fetchone()
                    assert row is not None
                    course.see(row[0])
            if load.due and len(at_work) < len(programs):
                at_work.update(row[0] for row in connection.execute(_AT_WORK))
            ended = next((each for each in programs if not each.running), None)
            if ended or time.monotonic() > deadline:
                words = (ended or programs[0]).last_words()
                raise RuntimeError(f"it did not come to its end: {words}")
            time.sleep(_LOOK_EVERY)
    if load.due and len(at_work) < len(programs):
        raise RuntimeError(f"{len(at_work)} of {len(programs)} had something to do: give them more")
    warm = [each for each in (stored.warm, published.warm) if each]
    both = max(since for since, _ in warm), min(until for _, until in warm)
    return Rates(
        orders=stored.rate(*both) if load.orders else None,
        fills=published.rate(*both) if load.due else None,
    )


def _verify(dsn: str, load: Load, told: int | None) -> None:
    """Raise RuntimeError unless each due execution was filled once, and told of once.

    And unless some were deleted, where they are to be.
    """
    closed = {"closed": load.closed}
    with psycopg.connect(dsn) as connection:
        row = connection.execute(_FILLED.encode(), closed).fetchone()
        if load.delete_closed:
            left = connection.execute(_LEFT.encode(), closed).fetchone()
            if left == (load.closed,):
                raise RuntimeError("no closed execution was deleted meanwhile")
    if row != (load.due, load.due) or told != load.due:
        raise RuntimeError(
            f"{load.due} executions were due; fills, of executions, and messages: {row}, {told}"
        )


def _child(stack: Stack, module: str, argument: str, settings: dict[str, str]) -> ChildProcess:
    return stack.workspace.child(
        f"{module}-{next(_numbers)}",
        [sys.executable, "-m", module, argument],
        environment={**surroundings(), **settings},
    )


@contextmanager
def _running(programs: Sequence[ChildProcess]) -> Iterator[None]:
    try:
        for program in programs:
            program.start()
        yield
    finally:
        for program in programs:
            program.kill()
