"""How far the consumer group is behind the end of the orders topic, in all its partitions."""

from time import monotonic
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaException

from fixengine.errors import UnavailableError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.topic_offsets import (
    by_partition,
    committed_places,
    offsets_at,
    partitions_of,
)

_LEAST_SECONDS = 0.001
"""The driver takes no time-out of 0."""


class KafkaLag:
    """Each look has a consumer of its own, which never joins the group."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        group: str,
        topic: str,
    ) -> None:
        self._topic = topic
        self._settings: dict[str, Any] = {
            **cluster.connection(),
            "group.id": group,
            "enable.auto.commit": False,
            "allow.auto.create.topics": False,
        }

    def measure(self, timeout: float) -> int:
        """Return how many records are not committed; 0 while there is no topic.

        Raises UnavailableError when the broker does not answer within `timeout` seconds.
        """
        look = _Look(self._settings, self._topic, until=monotonic() + timeout)
        try:
            return look.lag()
        except KafkaException as error:
            raise UnavailableError(f"the lag of the group can't be read: {error}") from error
        finally:
            look.close()


class _Look:
    def __init__(self, settings: dict[str, Any], topic: str, *, until: float) -> None:
        self._topic = topic
        self._until = until
        self._consumer = Consumer(settings)
        self.close = self._consumer.close

    def lag(self) -> int:
        topic, consumer = self._topic, self._consumer
        parts = partitions_of(topic, consumer, timeout=self._left(), may_be_missing=True)
        if not parts:
            return 0
        positions = by_partition(committed_places(topic, parts, consumer, timeout=self._left()))
        ends = offsets_at(OFFSET_END, topic, parts, consumer, timeout=self._left())
        beginnings = offsets_at(OFFSET_BEGINNING, topic, parts, consumer, timeout=self._left())
        return sum(max(ends[part] - max(positions[part], beginnings[part]), 0) for part in parts)

    def _left(self) -> float:
        return max(self._until - monotonic(), _LEAST_SECONDS)
