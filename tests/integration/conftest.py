"""What engines of a test work with, and servers that only some tests need."""

from collections.abc import Iterator

import pytest

from fixengine.actors.storage.limits import StorageLimits
from fixengine.demo.servers.broker import Broker
from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.topics import TopicNames
from fixengine.demo.workspace import Workspace
from tests.conftest import new_database, new_topics
from tests.support.engines import Surroundings, surroundings
from tests.support.kafka.guarded import GuardedKafka
from tests.support.postgres.roles import engine_role
from tests.support.stacks import BrokerKind


@pytest.fixture
def dsn(database: str) -> str:
    """Return how engines reach the database."""
    return database


@pytest.fixture
def storage() -> StorageLimits:
    """Return how often engines look at their database."""
    return StorageLimits()


@pytest.fixture
def around(
    dsn: str, broker: Broker, topics: TopicNames, workspace: Workspace, storage: StorageLimits
) -> Iterator[Surroundings]:
    """Lend what engines work with."""
    with surroundings(
        dsn=dsn, broker=broker, topics=topics, workspace=workspace, storage=storage
    ) as world:
        yield world


@pytest.fixture(scope="module")
def shared(
    postgres: Postgres, migrated_template: str, broker: Broker, workspace: Workspace
) -> Iterator[Surroundings]:
    """Lend what engines work with to all tests of a file together."""
    for dsn in new_database(postgres, migrated_template):
        with surroundings(
            dsn=dsn, broker=broker, topics=new_topics(), workspace=workspace
        ) as world:
            yield world


@pytest.fixture
def role(database: str) -> Iterator[str]:
    """Lend a role that may read and write, as the docs describe it."""
    with engine_role(database) as role:
        yield role


@pytest.fixture
def kafka(
    dsn: str, guarded: GuardedKafka, topics: TopicNames, workspace: Workspace
) -> Iterator[Surroundings]:
    """Lend what engines work with, on an Apache Kafka that can be set up and guarded."""
    with surroundings(dsn=dsn, broker=guarded.broker, topics=topics, workspace=workspace) as world:
        yield world


@pytest.fixture(scope="session")
def guarded(broker_kind: BrokerKind, workspace: Workspace) -> GuardedKafka:
    """Lend a running Apache Kafka with doors of every kind, that all tests share."""
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("only Apache Kafka has rights, certificates and addresses to be tried")
    kafka = GuardedKafka(workspace)
    kafka.start()
    return kafka
