"""A topic's partitions and the offsets in them, as a consumer in no group asks for them.

All raise the driver's KafkaException, also for an error of a single partition.
"""

from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition


def partitions_of(
    topic: str, consumer: Consumer, *, timeout: float, may_be_missing: bool = False
) -> tuple[int, ...]:
    """Return the numbers of the topic's partitions; of a topic that may be missing none."""
    found = consumer.list_topics(topic, timeout=timeout).topics[topic]
    if found.error is None:
        return tuple(found.partitions)
    if may_be_missing and found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
        return ()
    raise KafkaException(found.error)


def offsets_at(
    moment: int, topic: str, partitions: Iterable[int], consumer: Consumer, *, timeout: float
) -> dict[int, int]:
    """Return the offset of each partition's first record since then, negative when there is none.

    The moment is in milliseconds since 1970, or OFFSET_BEGINNING or OFFSET_END.
    """
    wanted = [TopicPartition(topic, partition, moment) for partition in partitions]
    found = consumer.offsets_for_times(wanted, timeout=timeout)
    raise_refused(found)
    return by_partition(found)


def committed_places(
    topic: str, partitions: Iterable[int], consumer: Consumer, *, timeout: float
) -> list[TopicPartition]:
    """Return what the consumer's group reads next; the offset is negative where none is committed.

    The places are returned as they were committed, with their metadata.
    """
    wanted = [TopicPartition(topic, partition) for partition in partitions]
    found = consumer.committed(wanted, timeout=timeout)
    raise_refused(found)
    return found


def raise_refused(partitions: Iterable[TopicPartition]) -> None:
    """Raise what was wrong with a partition in the broker's answer, if anything was."""
    for partition in partitions:
        if partition.error is not None:
            raise KafkaException(partition.error)


def by_partition(places: Iterable[TopicPartition]) -> dict[int, int]:
    """Return the offset of each place by its partition."""
    return {place.partition: place.offset for place in places}
