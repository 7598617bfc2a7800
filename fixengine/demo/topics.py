"""Topics: their names in a stack, making them, and reading one from its first record to its end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # NewTopic comes from within
    AdminClient,
    NewTopic,
    OffsetSpec,
)

from fixengine.demo.errors import DemoError
from fixengine.demo.waiting import wait_until
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.connections import Connections
from fixengine.infra.kafka.records import record_of
from fixengine.infra.kafka.words import unreadable
from fixengine.ports.kafka import Record

_END_OF_PARTITION = KafkaError._PARTITION_EOF  # noqa: SLF001 - its only name
_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicNames:
    """The topics and the consumer group that the engines of a stack share."""

    orders: str = "orders"
    fills: str = "fills"
    dlq: str = "orders.dlq"
    group: str = "fix_engine"


def create_topic(
    bootstrap: str, name: str, *, partitions: int = 20, deadline_seconds: float = 60.0
) -> None:
    """Make a topic and return when each of its partitions answers; one that exists is fine.

    Raises DemoError when the broker refuses or is too late.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    request = admin.create_topics([NewTopic(name, partitions, 1)], request_timeout=deadline_seconds)

    end = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    ends = {TopicPartition(name, part): end for part in range(partitions)}

    def answers() -> bool:
        found = admin.list_offsets(ends, request_timeout=deadline_seconds)
        return all(future.exception(deadline_seconds) is None for future in found.values())

    try:
        request[name].result(deadline_seconds)
        wait_until(answers, deadline_seconds, f"the broker to lead the topic {name}")
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise DemoError(f"the topic {name} can't be made: {_line(error)}") from error


def read_topic(bootstrap: str, name: str, *, deadline_seconds: float = 60.0) -> tuple[Record, ...]:
    """Read a topic from its first record to its end, by partition, then offset.

    A topic that does not exist is empty. Raises DemoError when the broker is too late.
    """
    records: list[Record] = []
    try:
        with _consumer({"bootstrap.servers": bootstrap, "log_level": 0}) as consumer:
            topic = consumer.list_topics(timeout=deadline_seconds).topics.get(name)
            unread = set() if topic is None else set(topic.partitions)
            consumer.assign([TopicPartition(name, part, OFFSET_BEGINNING) for part in unread])

            def at_the_end() -> bool:
                for message in consumer.consume(_BATCH, 0.05) if unread else ():
                    if not _is_end(message):
                        records.append(record_of(message))
                    else:
                        unread.discard(message.partition() or 0)
                return not unread

            wait_until(at_the_end, deadline_seconds, f"the end of the topic {name}")
    except KafkaException as error:
        raise DemoError(f"the topic {name} can't be read: {_line(error)}") from error
    return tuple(sorted(records, key=lambda record: (record.partition, record.offset)))


def count_records(cluster: Cluster, name: str, *, deadline_seconds: float = 60.0) -> int | None:
    """Return how many records a topic has had since it was made; None when there is no such topic.

    Raises DemoError when the broker is too late, or refuses.
    """
    connections = Connections(cluster.brokers)
    with _consumer(cluster.connection(connections.log)) as consumer:
        try:
            topic = consumer.list_topics(timeout=deadline_seconds).topics.get(name)
            if topic is None:
                return None
            unseen = set(topic.partitions)
            consumer.assign([TopicPartition(name, part, OFFSET_END) for part in unseen])
            ends: dict[int, int] = {}

            def all_seen() -> bool:
                for message in consumer.consume(_BATCH, 0.05):
                    if _is_end(message):  # the embedded broker tells the true end only here
                        ends[message.partition() or 0] = message.offset() or 0
                return ends.keys() >= unseen

            wait_until(all_seen, deadline_seconds, f"the end of the topic {name}")
            return sum(ends.values())
        except KafkaException as error:
            consumer.poll(0)  # why, its log says
            refused: KafkaError = error.args[0]
            words = unreadable(refused.code(), refused.str(), topic=name, silence=connections.why())
            raise DemoError(f"{words}: look at KAFKA_BROKERS") from error


@contextmanager
def _consumer(connection: Mapping[str, Any]) -> Iterator[Consumer]:
    consumer = Consumer(
        {
            **connection,
            "group.id": "fixengine-demo-reader",  # never joined: partitions are assigned by hand
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 50,
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()


def _is_end(message: Message) -> bool:
    error = message.error()
    if error is not None and error.code() != _END_OF_PARTITION:
        raise KafkaException(error)
    return error is not None


def _line(error: KafkaException) -> str:
    return str(error.args[0].str())
