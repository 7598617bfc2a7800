"""A Kafka cluster: what each client of it has to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from logging import getLogger
from typing import Any

from fixengine.config import Settings
from fixengine.infra.kafka.log import ClientLog

BROKER_ANSWERS_WITHIN = 10.0
"""Seconds that a cluster has to answer what a command asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where the cluster is, and how a client connects to it.

    `brokers` are addresses with commas between. `client_id` names the client in the broker's log.
    `client_config` has the user's own settings of librdkafka, such as those of TLS and SASL:
    passwords may be in it, so `repr` leaves it out.
    """

    brokers: str
    client_id: str
    client_config: Mapping[str, object] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, settings: Settings, *, client_id: str) -> "Cluster":
        """Return the cluster that the settings name."""
        return cls(
            brokers=settings.kafka_brokers,
            client_id=client_id,
            client_config=settings.kafka_client_config,
        )

    def connection(self, log: ClientLog | None = None) -> dict[str, Any]:
        """Return the settings of librdkafka with which any client connects.

        Its lines of log go through `log`, if somebody is to hear them.
        """
        return {
            **self.client_config,
            "bootstrap.servers": self.brokers,
            "client.id": self.client_id,
            "logger": getLogger("librdkafka") if log is None else log,
        }
