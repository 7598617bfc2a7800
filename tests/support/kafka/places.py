"""The places of a consumer group, as the broker has them."""

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from tests.support.engines import Surroundings

_WITHIN = 20.0


def committed(around: Surroundings, partition: int) -> int:
    """Return the group's place in a partition, 0 when it has none or nobody says it yet."""
    consumer = Consumer(
        {"bootstrap.servers": around.broker.bootstrap, "group.id": around.topics.group}
    )
    try:
        asked = [TopicPartition(around.topics.orders, partition)]
        (place,) = consumer.committed(asked, timeout=_WITHIN)
        return max(int(place.offset), 0)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.NOT_COORDINATOR:
            raise
        return 0  # of a broker that has just begun
    finally:
        consumer.close()
