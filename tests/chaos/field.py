"""The field of one scenario: engines behind proxies, a steady feed, and what is measured on it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import psycopg

from fixengine.demo.engine import Engine
from fixengine.demo.feed.feed import FedOrder
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.stack import surroundings
from fixengine.demo.topics import TopicNames, create_topic
from fixengine.demo.waiting import wait_until
from tests.chaos.counted import Counted
from tests.chaos.ground import TEMPLATE, Ground
from tests.support.feed.mixed import varied_orders
from tests.support.feed.steady import SteadyFeed
from tests.support.operators import SETTINGS as OPERATED
from tests.support.operators import Operators

RATE = 60.0
"""Orders a second all the time; bursts come on top."""

CHANGED = 0.2
"""The share of executions that operators cancel or change."""

_FAST = {"FILL_DELAY_FIRST": "0.01", "FILL_DELAY_MIN": "0.05", "FILL_DELAY_MAX": "1.2"}
_BURSTS = 10_000_000  # their order ids begin here


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """What was in hand when a fault was injected."""

    open_executions: int
    unpublished: int
    unread: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.open_executions + self.unpublished + self.unread


class Field:
    """One scenario's database, topics and engines.

    `hits` has what was in hand when a fault was injected, `problems` what the fault has found.
    """

    def __init__(
        self,
        ground: Ground,
        *,
        name: str,
        program: str = "fixengine",
        engines: int = 3,
        changed: float = CHANGED,
        delays: Mapping[str, str] = _FAST,
        within: float = 0.5,
    ) -> None:
        self.ground = ground
        self.workspace = ground.workspace
        self.name = name
        self.topics = TopicNames(
            orders=f"orders-{name}", fills=f"fills-{name}", dlq=f"dlq-{name}", group=f"fix-{name}"
        )
        self.database = f"chaos_{name}".replace("-", "_")
        ground.administer("create database {} template {}", self.database, TEMPLATE)
        self.dsn = ground.postgres.dsn_of(self.database)
        create_topic(ground.broker.bootstrap, self.topics.orders)
        create_topic(ground.broker.bootstrap, self.topics.fills)
        self.program = program
        self.problems: list[str] = []
        self._delays = delays
        self._bursts = varied_orders(seed=len(name), first_id=_BURSTS)
        self._started = 0
        self.fed: list[FedOrder] = []
        self.hits: list[AtWork] = []
        self.engines = [self.engine() for _ in range(engines)]
        self._published = Counted(ground.broker.bootstrap, self.topics.fills)
        self._feed: SteadyFeed | None = None
        self.operators = Operators(
            lambda: [*self.engines],
            dsn=self.dsn,
            share=changed,
            seed=len(name),
            within=within,
        )

    def engine(self) -> Engine:
        """Return an engine of this field, not started."""
        self._started += 1
        settings = self.environment(**OPERATED)
        process = self.workspace.child(
            f"{self.name}-engine-{self._started}",
            [sys.executable, "-m", self.program, "serve"],
            environment={**surroundings(), **settings},
        )
        return Engine(
            process=process,
            http_port=int(settings["HTTP_PORT"]),
            health_port=int(settings["HEALTH_PORT"]),
        )

    def environment(self, **overrides: str) -> dict[str, str]:
        """Return the settings of an engine or a gateway, with ports of its own."""
        ground, port = self.ground, self.workspace.reserve_port
        return {
            **self._delays,
            "HTTP_PORT": str(port()),
            "HEALTH_PORT": str(port()),
            "LOG_FORMAT": "text",
            **self._deployment,
            "SECURITY_SVC_URL": ground.securities.url,
            "PRICING_SVC_URL": ground.prices.url,
            **overrides,
        }

    @property
    def _deployment(self) -> dict[str, str]:
        """Where the field's database and topics are."""
        ground = self.ground
        return {
            "KAFKA_BROKERS": ground.to_broker.address,
            "KAFKA_CLIENT_CONFIG": json.dumps(dict(ground.broker.client_config)),
            "KAFKA_ORDERS_TOPIC": self.topics.orders,
            "KAFKA_FILLS_TOPIC": self.topics.fills,
            "KAFKA_DLQ_TOPIC": self.topics.dlq,
            "KAFKA_CONSUMER_GROUP": self.topics.group,
            "POSTGRES_DSN": f"postgresql://postgres@{ground.to_postgres.address}/{self.database}",
        }

    def audit(self) -> tuple[int, str]:
        """Run `fixengine audit` and return its exit code, and what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "fixengine", "audit", "--finished"],
            env={**surroundings(), **self._deployment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, f"{done.stdout}{done.stderr}"

    @contextmanager
    def feeding(self, rate: float = RATE) -> Iterator[SteadyFeed]:
        """Keep orders coming, so many a second, and requests to change a share of them."""
        source = varied_orders(seed=len(self.name), since=datetime.now(UTC))
        bootstrap = self.ground.broker.bootstrap
        with (
            self.operators,
            SteadyFeed(source, bootstrap=bootstrap, topic=self.topics.orders, rate=rate) as feed,
        ):
            self._feed = feed
            yield feed
        self.fed += feed.sent

    def burst(self, number: int = 600) -> None:
        """Send more than the engines can do in a moment, and return when they are at it."""
        before = self.rows("execution")
        burst = list(islice(self._bursts, number))
        send_orders(self.ground.broker.bootstrap, self.topics.orders, burst)
        self.fed += burst
        wait_until(lambda: self.rows("execution") > before, 20, "the burst to be taken up")

    def hit(self) -> None:
        """Note what is in hand, just before a fault."""
        with self.connection() as connection:
            row = connection.execute(
                "select (select count(*) from execution where is_open), "
                "(select count(*) from outbox), (select count(*) from execution)"
            ).fetchone()
        assert row is not None
        sent = len(self.fed) + (len(self._feed.sent) if self._feed else 0)
        self.hits.append(
            AtWork(open_executions=row[0], unpublished=row[1], unread=max(sent - row[2], 0))
        )

    def connection(self) -> "psycopg.Connection[Any]":
        """Connect to the database, not by the proxy."""
        return psycopg.connect(self.dsn, autocommit=True, connect_timeout=5)

    def rows(self, condition: str) -> int:
        """Count rows."""
        with self.connection() as connection:
            row = connection.execute(f"select count(*) from {condition}".encode()).fetchone()
        assert row is not None
        return int(row[0])

    def published(self) -> int:
        """Return how many fills are on the topic."""
        return self._published.count()

    def rate(self, seconds: float) -> float:
        """Return how many fills a second reach the topic in the next `seconds`."""
        began, before = time.monotonic(), self.published()
        time.sleep(seconds)
        return (self.published() - before) / (time.monotonic() - began)

    def close(self) -> None:
        """End what still runs, and remove what takes place."""
        for engine in self.engines:
            engine.process.end()
            engine.close()
        self._published.close()
        self.ground.administer("drop database {} with (force)", self.database)
