"""Which database and which broker a stack stands on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from fixengine.demo.options import BrokerName
from fixengine.demo.servers.apache import ApacheKafka
from fixengine.demo.servers.broker import Broker
from fixengine.demo.servers.postgres import Postgres, PostgresServer
from fixengine.demo.servers.tansu import TansuBroker
from fixengine.demo.workspace import Workspace


class _MakesPostgres(Protocol):
    def __call__(self, *, workspace: Workspace, durable: bool) -> Postgres: ...


class _MakesBroker(Protocol):
    def __call__(self, *, workspace: Workspace) -> Broker: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Makes the servers of a stack, not started; raises DemoError when one can't be had."""

    postgres: _MakesPostgres
    broker: _MakesBroker


SERVERS: Mapping[BrokerName, Servers] = {
    BrokerName.EMBEDDED: Servers(postgres=PostgresServer, broker=TansuBroker),
    BrokerName.APACHE: Servers(postgres=PostgresServer, broker=ApacheKafka),
}
