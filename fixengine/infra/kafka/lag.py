"""How far the consumer group is behind the end of the orders topic, in all its partitions."""

from time import monotonic
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from fixengine.errors import UnavailableError
from fixengine.infra.kafka.cluster import Cluster


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
        partitions = self._partitions()
        if not partitions:
            return 0
        committed = self._consumer.committed(self._at(partitions, 0), timeout=self._left())
        positions = {each.partition: each.offset for each in _sound(committed)}
        ends = self._edges(partitions, OFFSET_END)
        beginnings = self._edges(partitions, OFFSET_BEGINNING)
        return sum(
            max(ends[part] - max(positions[part], beginnings[part]), 0) for part in partitions
        )

    def _partitions(self) -> tuple[int, ...]:
        topic = self._consumer.list_topics(self._topic, timeout=self._left()).topics[self._topic]
        if topic.error is None:
            return tuple(topic.partitions)
        if topic.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return ()
        raise KafkaException(topic.error)

    def _edges(self, partitions: tuple[int, ...], edge: int) -> dict[int, int]:
        """Return where each partition begins or ends: the two have reserved times."""
        wanted = self._at(partitions, edge)
        found = _sound(self._consumer.offsets_for_times(wanted, timeout=self._left()))
        return {each.partition: each.offset for each in found}

    def _at(self, partitions: tuple[int, ...], offset: int) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition, offset) for partition in partitions]

    def _left(self) -> float:
        return max(self._until - monotonic(), 0.001)


def _sound(partitions: list[TopicPartition]) -> list[TopicPartition]:
    for partition in partitions:
        if partition.error is not None:
            raise KafkaException(partition.error)
    return partitions
