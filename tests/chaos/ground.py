"""What all scenarios of a run stand on."""

import psycopg
from psycopg import sql

from fixengine.demo.feed.universe import all_listings
from fixengine.demo.neighbours.services import PricingService, SecurityService
from fixengine.demo.servers.apache import ApacheKafka
from fixengine.demo.servers.postgres import PostgresServer
from fixengine.demo.workspace import Workspace
from fixengine.infra.postgres.schema.migrate import migrate
from tests.support.network.proxy import Flow, Proxy

TEMPLATE = "chaos_template"
"""The database that each scenario's is a copy of."""


class Ground:
    """The servers, the proxies before them, and the neighbours."""

    def __init__(self, workspace: Workspace, *, seed: int) -> None:
        self.workspace = workspace
        port = workspace.reserve_port
        self.postgres = PostgresServer(workspace=workspace)
        self.to_postgres = Proxy(port=port(), target=self.postgres.port)
        kafka_port = port()
        self.broker = ApacheKafka(workspace=workspace, proxied=f"127.0.0.1:{kafka_port}")
        behind = int(self.broker.behind_proxy.rpartition(":")[2])
        self.to_broker = Proxy(port=kafka_port, target=behind)
        listings = all_listings()
        self.securities = SecurityService(port=port(), listings=listings)
        self.prices = PricingService(port=port(), listings=listings, seed=seed)

    def start(self) -> None:
        """Start all of it, with a database to copy."""
        for part in (self.postgres, self.broker, self.securities, self.prices):
            part.start()
        for proxy in (self.to_postgres, self.to_broker):
            proxy.start()
        self.administer("create database {}", TEMPLATE)
        with psycopg.connect(self.postgres.dsn_of(TEMPLATE), autocommit=True) as connection:
            migrate(connection)

    def stop(self) -> None:
        """Let go of what is not a process of the workspace."""
        for proxy in (self.to_postgres, self.to_broker):
            proxy.stop()
        for neighbour in (self.securities, self.prices):
            neighbour.stop()

    def administer(self, statement: str, *names: str) -> None:
        """Run a statement on the server."""
        with psycopg.connect(self.postgres.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def mend(self) -> None:
        """Undo whatever a fault may have left."""
        for proxy in (self.to_postgres, self.to_broker):
            proxy.set(Flow.OPEN)
        for neighbour in (self.securities, self.prices):
            neighbour.start()
