"""What an engine works on while it is measured: a fresh database, topics, and its neighbours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import psycopg

from benchmarks.neighbours import neighbours
from fixengine.demo.stack import Stack
from fixengine.demo.topics import TopicNames, create_topic

_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Names that nobody else uses; `settings` are those of an engine but for its database."""

    name: str
    dsn: str
    topics: TopicNames
    settings: Mapping[str, str]


@contextmanager
def ground(stack: Stack) -> Iterator[Ground]:
    """Lend a database without tables, empty topics, and neighbours; the database goes after it."""
    name = f"bench_ground{next(_numbers)}"
    with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    topics = TopicNames(orders=name, fills=f"{name}.fills", dlq=f"{name}.dlq", group=name)
    for topic in (topics.orders, topics.fills):
        create_topic(stack.broker.bootstrap, topic)
    with neighbours(stack) as urls:
        yield Ground(
            name=name,
            dsn=stack.postgres.dsn_of(name),
            topics=topics,
            settings={
                **urls,
                "KAFKA_ORDERS_TOPIC": topics.orders,
                "KAFKA_FILLS_TOPIC": topics.fills,
                "KAFKA_DLQ_TOPIC": topics.dlq,
                "KAFKA_CONSUMER_GROUP": topics.group,
            },
        )
    with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)".encode())
