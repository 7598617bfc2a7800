"""Everything around an engine: database, broker, neighbours, and the engines themselves."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import fixengine
from fixengine.demo.engine import Engine, Gateway
from fixengine.demo.feed.universe import all_listings
from fixengine.demo.neighbours.services import PricingService, SecurityService
from fixengine.demo.options import BrokerName
from fixengine.demo.servers.broker import Broker
from fixengine.demo.servers.kinds import SERVERS, Servers
from fixengine.demo.topics import TopicNames, create_topic
from fixengine.demo.workspace import Workspace

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")


class Stack:
    """A context manager over the parts; after it nothing runs, and nothing is left on disk.

    The parts have their addresses from the beginning. `start` starts all of them; each may also be
    started by itself, in any order. `create_topic` makes the topic. With `keep`, an empty folder,
    the files stay.
    """

    def __init__(
        self,
        *,
        servers: Servers = SERVERS[BrokerName.EMBEDDED],
        topics: TopicNames | None = None,
        keep: Path | None = None,
        durable: bool = False,
        seed: int = 0,
    ) -> None:
        self.topics = topics or TopicNames()
        self.workspace = Workspace(keep=keep)
        try:
            listings = all_listings()
            port = self.workspace.reserve_port
            self.postgres = servers.postgres(workspace=self.workspace, durable=durable)
            self.broker = servers.broker(workspace=self.workspace)
            self.securities = SecurityService(port=port(), listings=listings)
            self.prices = PricingService(port=port(), listings=listings, seed=seed)
        except BaseException:
            self.workspace.close()
            raise
        self._engines: list[Engine] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start database, broker and neighbours, those that do not run yet; raises DemoError."""
        self.broker.start()
        self.postgres.start()
        self.securities.start()
        self.prices.start()

    def create_topic(self) -> None:
        """Make the `orders` topic with its 20 partitions; raises DemoError."""
        create_topic(self.broker.bootstrap, self.topics.orders)

    def environment(self, **overrides: str) -> dict[str, str]:
        """Return an engine's settings, its own ports among them; `overrides` add and replace."""
        return {
            **engine_settings(self.workspace, self.broker, self.topics, dsn=self.postgres.dsn),
            "SECURITY_SVC_URL": self.securities.url,
            "PRICING_SVC_URL": self.prices.url,
            **overrides,
        }

    def engine(
        self, name: str = "engine", *, program: str = "fixengine", **overrides: str
    ) -> Engine:
        """Return an engine with the settings of `environment`, not started.

        `program` is the module to run. Of this process's environment it has only what any program
        needs.
        """
        environment = self.environment(**overrides)
        process = self.workspace.child(
            name,
            [sys.executable, "-m", program, "serve"],
            environment={**surroundings(), **environment},
        )
        engine = Engine(
            process=process,
            http_port=int(environment["HTTP_PORT"]),
            health_port=int(environment["HEALTH_PORT"]),
        )
        self._engines.append(engine)
        return engine

    def gateway(self, name: str = "gateway", *, sessions: str, **overrides: str) -> Gateway:
        """Return a FIX gateway for sessions in TOML, with an engine's settings, not started."""
        file = self.workspace.folder / f"{name}.toml"
        file.write_text(sessions, "utf-8")
        port = self.workspace.reserve_port()
        environment = self.environment(FIX_PORT=str(port), FIX_SESSIONS=str(file), **overrides)
        process = self.workspace.child(
            name,
            [sys.executable, "-m", "fixengine", "gateway"],
            environment={**surroundings(), **environment},
        )
        gateway = Gateway(
            process=process,
            http_port=int(environment["HTTP_PORT"]),
            health_port=int(environment["HEALTH_PORT"]),
            fix_port=port,
        )
        self._engines.append(gateway)
        return gateway

    def stop(self) -> None:
        """Stop everything cleanly, engines first; raises DemoError when a part is too late."""
        for engine in self._engines:
            engine.terminate()
        self.prices.stop()
        self.securities.stop()
        self.broker.stop()
        self.postgres.stop()

    def close(self) -> None:
        """End whatever still runs at once and remove the files; safe to repeat."""
        for engine in self._engines:
            engine.close()
        self.workspace.close()
        self.prices.stop()
        self.securities.stop()


def engine_settings(
    workspace: Workspace, broker: Broker, topics: TopicNames, *, dsn: str
) -> Mapping[str, str]:
    """Return the settings of an engine, with ports that nobody else has."""
    return {
        "HTTP_PORT": str(workspace.reserve_port()),
        "HEALTH_PORT": str(workspace.reserve_port()),
        "LOG_FORMAT": "text",
        "KAFKA_BROKERS": broker.bootstrap,
        "KAFKA_CLIENT_CONFIG": json.dumps(dict(broker.client_config)),
        "KAFKA_ORDERS_TOPIC": topics.orders,
        "KAFKA_FILLS_TOPIC": topics.fills,
        "KAFKA_DLQ_TOPIC": topics.dlq,
        "KAFKA_CONSUMER_GROUP": topics.group,
        "POSTGRES_DSN": dsn,
    }


def surroundings() -> Mapping[str, str]:
    """Return what a program needs of this process's environment, to find itself and Python."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**inherited, "PYTHONPATH": str(Path(fixengine.__file__).parents[1])}
