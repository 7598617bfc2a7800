"""Kafka clusters as a test's own client connects to them."""

from fixengine.demo.servers.broker import Broker
from fixengine.infra.kafka.cluster import Cluster

NOWHERE = Cluster(brokers="127.0.0.1:1", client_id="test")
"""No broker listens there."""


def cluster(broker: Broker) -> Cluster:
    return Cluster(brokers=broker.bootstrap, client_id="test", client_config=broker.client_config)
