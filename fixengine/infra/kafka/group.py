"""The consumer group and its place in the orders topic, set back while nobody is in the group."""

from collections.abc import Mapping
from datetime import datetime

from confluent_kafka import (
    OFFSET_INVALID,
    Consumer,
    ConsumerGroupState,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from fixengine.errors import ConflictError, UnavailableError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.consumer.identity import NO_ID
from fixengine.infra.kafka.consumer.inquiry import Questions
from fixengine.infra.kafka.consumer.places import topic_id
from fixengine.infra.kafka.words import refusal

_TIMEOUT = 10.0  # seconds
_DESERTED = {ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD}
_OCCUPIED = {KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION}


def assert_deserted(cluster: Cluster, *, group: str) -> None:
    """Raise ConflictError while the group has members, UnavailableError without a broker."""
    admin = AdminClient(cluster.connection())
    asked = admin.describe_consumer_groups([group], request_timeout=_TIMEOUT)[group]
    try:
        state = asked.result(_TIMEOUT).state
    except (KafkaException, TimeoutError) as error:
        raise _unseen(group, error) from error
    if state not in _DESERTED:  # its members are not always told
        raise _occupied(group)


def rewind(cluster: Cluster, *, group: str, topic: str, since: datetime, apply: bool) -> int:
    """Let the group read again what has come since then; return how many records that is.

    Places are only ever set back. Without `apply` nothing is. Raises ConflictError while the
    group has members, UnavailableError when the broker does not answer.
    """
    consumer = _onlooker(cluster, group)
    try:
        return _rewind(consumer, topic, since, apply=apply)
    except KafkaException as error:
        if error.args[0].code() in _OCCUPIED:
            raise _occupied(group) from error
        raise UnavailableError(f"the place in {topic} can't be set back: {error}") from error
    finally:
        consumer.close()


def committed(cluster: Cluster, *, group: str, topic: str) -> Mapping[int, int]:
    """Return the next offset to read of each partition, negative where nothing was committed.

    A place in a topic that was deleted meanwhile, and made anew, counts as none. Nobody joins the
    group for it. Raises UnavailableError when the broker does not answer.
    """
    consumer = _onlooker(cluster, group)
    try:
        return _places_in_this_topic(consumer, cluster, topic)
    except TimeoutError as error:
        raise _unread(group, topic, "no broker answers") from error
    except KafkaException as error:
        failure = error.args[0]
        words = refusal(failure.code(), failure.str(), group=group, topic=topic)
        if words:
            raise UnavailableError(words) from error
        raise _unread(group, topic, failure.str()) from error
    finally:
        consumer.close()


def _onlooker(cluster: Cluster, group: str) -> Consumer:
    return Consumer(
        {
            **cluster.connection(),
            "group.id": group,
            "enable.auto.commit": False,
            "allow.auto.create.topics": False,
        }
    )


def _places(consumer: Consumer, topic: str) -> dict[int, int]:
    return {place.partition: place.offset for place in _committed(consumer, topic)}


def _committed(consumer: Consumer, topic: str) -> list[TopicPartition]:
    partitions = consumer.list_topics(topic, timeout=_TIMEOUT).topics[topic].partitions
    found = consumer.committed(
        [TopicPartition(topic, number) for number in partitions], timeout=_TIMEOUT
    )
    for place in found:
        if place.error is not None:
            raise KafkaException(place.error)
    return found


def _places_in_this_topic(consumer: Consumer, cluster: Cluster, topic: str) -> dict[int, int]:
    found = _committed(consumer, topic)
    this = _id_of(topic, cluster)
    return {
        place.partition: (
            place.offset if (topic_id(place.metadata) or this) == this else OFFSET_INVALID
        )
        for place in found
    }


def _id_of(topic: str, cluster: Cluster) -> str:
    """Return the id of a topic, empty where the broker knows none."""
    questions = Questions(cluster.connection())  # it has to live until the answer is there
    found = str(questions.topic(topic).result(_TIMEOUT).topic_id)
    return "" if found == NO_ID else found


def _rewind(consumer: Consumer, topic: str, since: datetime, *, apply: bool) -> int:
    places = _places(consumer, topic)
    moment = int(since.timestamp() * 1000)
    wanted = consumer.offsets_for_times(
        [TopicPartition(topic, number, moment) for number in places], timeout=_TIMEOUT
    )
    # a negative place is none: such a partition is read from its beginning anyway
    back = [
        TopicPartition(topic, place.partition, place.offset)
        for place in wanted
        if 0 <= place.offset < places[place.partition]
    ]
    if back and apply:
        for place in consumer.commit(offsets=back, asynchronous=False) or ():
            if place.error is not None:
                raise KafkaException(place.error)
    return sum(places[place.partition] - place.offset for place in back)


def _unread(group: str, topic: str, reason: str) -> UnavailableError:
    return UnavailableError(
        f"the place of the group {group} in {topic} can't be read: {reason}: look at KAFKA_BROKERS"
    )


def _unseen(group: str, error: KafkaException | TimeoutError) -> UnavailableError:
    reason = "no broker answers: look at KAFKA_BROKERS" if _is_silence(error) else error
    return UnavailableError(f"the group {group} can't be looked at: {reason}")


def _occupied(group: str) -> ConflictError:
    return ConflictError(
        f"the group {group} has members: stop the engines first; one that was killed counts "
        "until its session times out"
    )


def _is_silence(error: Exception) -> bool:
    """Whether nobody has answered: the driver and whoever waits for it give up at the same time."""
    if isinstance(error, KafkaException):
        return bool(error.args[0].code() == KafkaError._TIMED_OUT)  # noqa: SLF001 - its name
    return isinstance(error, TimeoutError)
