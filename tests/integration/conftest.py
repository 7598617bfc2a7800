"""Servers that only some tests need."""

import pytest

from fixengine.demo.options import BrokerKind
from fixengine.demo.workspace import Workspace
from tests.integration.guarded import GuardedKafka


@pytest.fixture(scope="session")
def guarded(broker_kind: BrokerKind, workspace: Workspace) -> GuardedKafka:
    """Lend a running Apache Kafka with doors of every kind, that all tests share."""
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("only Apache Kafka has rights, certificates and addresses to be tried")
    kafka = GuardedKafka(workspace)
    kafka.start()
    return kafka
