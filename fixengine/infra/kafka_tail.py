"""The end of a topic: what has reached it since a moment, read by nobody's group."""

from collections.abc import Mapping
from datetime import datetime
from logging import getLogger
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from fixengine.errors import UnavailableError

_SETTINGS: dict[str, Any] = {
    "group.id": "fixengine-tail",  # required, and never joined
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
    "enable.partition.eof": True,
    "isolation.level": "read_uncommitted",
    "allow.auto.create.topics": False,
    "fetch.wait.max.ms": 10,
    "queued.max.messages.kbytes": 4_096,
    "socket.timeout.ms": 5_000,
}
_BATCH = 2_000


class KafkaTail:
    """Each look has a consumer of its own, which exists as long as the look."""

    def __init__(
        self, *, brokers: str, topic: str, client_id: str, client_config: Mapping[str, object]
    ) -> None:
        self._topic = topic
        self._settings: dict[str, Any] = {
            **client_config,
            **_SETTINGS,
            "bootstrap.servers": brokers,
            "client.id": client_id,
            "logger": getLogger("librdkafka"),
        }

    def look(self, since: datetime, *, timeout: float) -> "Look":
        """Begin to read what has come since then by the broker's time.

        Raises UnavailableError when the broker does not answer within `timeout` seconds.
        """
        consumer = Consumer(self._settings)
        try:
            return Look(consumer, self._beginnings(consumer, since, timeout))
        except KafkaException as error:
            consumer.close()
            raise UnavailableError(f"the end of {self._topic} can't be read: {error}") from error

    def _beginnings(
        self, consumer: Consumer, since: datetime, timeout: float
    ) -> list[TopicPartition]:
        topic = consumer.list_topics(self._topic, timeout=timeout).topics[self._topic]
        if topic.error is not None:
            raise KafkaException(topic.error)
        moment = int(since.timestamp() * 1000)
        wanted = [TopicPartition(self._topic, part, moment) for part in topic.partitions]
        found = consumer.offsets_for_times(wanted, timeout=timeout)
        for partition in found:
            if partition.error is not None:
                raise KafkaException(partition.error)
        return found


class Look:
    """Reads each partition from its beginning until it was at the end of it once."""

    def __init__(self, consumer: Consumer, beginnings: list[TopicPartition]) -> None:
        self._consumer: Consumer | None = consumer
        self._unread = {partition.partition for partition in beginnings}
        consumer.assign(beginnings)

    def read(self, timeout: float) -> tuple[bytes, ...] | None:
        """Return the values of the next messages, waiting `timeout` seconds; None at the end.

        Raises UnavailableError when the broker refuses.
        """
        if not self._unread:
            return None
        assert self._consumer is not None, "closed"
        values: list[bytes] = []
        for message in self._consumer.consume(_BATCH, timeout):
            error = message.error()
            if error is None:
                value = message.value()
                values += [value] if isinstance(value, bytes) else []
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its only name
                self._unread.discard(message.partition() or 0)
            elif not error.retriable():
                raise UnavailableError(f"the end of the topic can't be read: {error.str()}")
        return tuple(values)

    def close(self) -> None:
        """Leave. Safe to call twice."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()
