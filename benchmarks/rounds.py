"""One round: a program on a fresh database and topics, watched from outside until it is done."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from typing import TypeAlias

import psycopg

from benchmarks.load import CLOSED, CLOSED_FILLS, DUE, Load, orders_of
from benchmarks.neighbours import neighbours
from benchmarks.watching import Rates, verify, watch
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.feed.universe import priced_listings
from fixengine.demo.process import ChildProcess
from fixengine.demo.stack import Stack, surroundings
from fixengine.demo.topics import TopicNames, count_records, create_topic
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.postgres.schema.migrate import migrate
from tests.support.kafka.topics import drop_topics

_LATER = "3600"
_numbers = count(1)

_CHANGING = ("execution", "execution_trace", "outbox")


Latencies: TypeAlias = tuple[float, float]
"""Seconds that an answer takes: of pricing-service, and of security-service."""


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
            connection.execute(DUE.encode(), {"number": load.due, "tickers": self._tickers})
            # what differs are the statistics alone, not whether what is due was tidied up
            connection.execute(b"vacuum" if load.after_idling else b"vacuum analyze")
        for topic in (topics.orders, topics.fills):
            create_topic(stack.broker.bootstrap, topic)
        os.sync()  # or the copy of a large database is written to disk while others work
        send_orders(stack.broker.bootstrap, topics.orders, orders_of(load))
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
                rates = watch(dsn, load, programs)
        kafka = Cluster(brokers=stack.broker.bootstrap, client_id="benchmark")
        verify(dsn, load, count_records(kafka, topics.fills))
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
                inside.execute(CLOSED.encode(), {"number": number})
                inside.execute(CLOSED_FILLS)
                inside.execute("vacuum analyze")
        return name


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
