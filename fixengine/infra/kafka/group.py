"""The consumer group as it looks from outside, and its places in the orders topic."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
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
from loguru import logger

from fixengine.errors import ConflictError, UnavailableError
from fixengine.infra.kafka.cluster import BROKER_ANSWERS_WITHIN, Cluster
from fixengine.infra.kafka.inquiry import Questions
from fixengine.infra.kafka.topic_ids import id_of, noted_id
from fixengine.infra.kafka.topic_offsets import (
    by_partition,
    committed_places,
    offsets_at,
    partitions_of,
    raise_refused,
)
from fixengine.infra.kafka.words import unfound, unseen

_DESERTED = {ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD}
_OCCUPIED = {KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION}


class ConsumerGroup:
    """Nobody joins the group here.

    All methods raise UnavailableError when the broker does not answer in time, or refuses.
    """

    def __init__(
        self,
        *,
        cluster: Cluster,
        name: str,
        topic: str,
        answer_within: float = BROKER_ANSWERS_WITHIN,
    ) -> None:
        """Take the group's name, the topic that it reads, and the seconds for each answer."""
        self._cluster = cluster
        self._name = name
        self._topic = topic
        self._answer_within = answer_within

    def assert_deserted(self) -> None:
        """Raise ConflictError while the group has members."""
        admin = AdminClient(self._cluster.connection())
        within = self._answer_within
        asked = admin.describe_consumer_groups([self._name], request_timeout=within)[self._name]
        try:
            state = asked.result(within).state
        except (KafkaException, TimeoutError) as error:
            raise UnavailableError(unseen(error, group=self._name)) from error
        if state not in _DESERTED:  # the broker does not always name the members
            raise self._occupied()

    def committed(self) -> Mapping[int, int]:
        """Return the next offset to read of each partition, negative where nothing is committed.

        A place in a topic that was deleted and made anew since then does not count.
        """
        self._assert_visible()
        with self._onlooker() as onlooker:
            try:
                places, this = self._places(onlooker), self._topic_id()
                return {
                    place.partition: (
                        place.offset
                        if (noted_id(place.metadata) or this) == this
                        else OFFSET_INVALID
                    )
                    for place in places
                }
            except (KafkaException, TimeoutError) as error:
                words = unfound(error, group=self._name, topic=self._topic)
                raise UnavailableError(words) from error

    def rewind(self, since: datetime, *, apply: bool) -> int:
        """Let the group read again what has come since then; return how many records that is.

        No place is ever moved forward, and without `apply` none is moved at all. Raises
        ConflictError while the group has members.
        """
        with self._onlooker() as onlooker:
            try:
                return self._rewind(onlooker, since, apply=apply)
            except KafkaException as error:
                if error.args[0].code() in _OCCUPIED:
                    raise self._occupied() from error
                words = unfound(error, group=self._name, topic=self._topic)
                raise UnavailableError(words) from error

    def _assert_visible(self) -> None:
        """Raise without the right to look at the group: asked for its places, the driver waits."""
        questions = Questions(self._cluster.connection())  # it lives until the answer is there
        try:
            questions.group(self._name).result(self._answer_within)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
                raise UnavailableError(unseen(error, group=self._name)) from error
            logger.bind(error=str(error)).debug("the group can't be described")
        except TimeoutError as error:
            raise UnavailableError(unseen(error, group=self._name)) from error

    def _rewind(self, onlooker: Consumer, since: datetime, *, apply: bool) -> int:
        topic, within = self._topic, self._answer_within
        places = by_partition(self._places(onlooker))
        moment = int(since.timestamp() * 1000)
        wanted = offsets_at(moment, topic, places, onlooker, timeout=within)
        # where nothing is committed the place is negative: all is read there anyway
        back = {
            partition: offset
            for partition, offset in wanted.items()
            if 0 <= offset < places[partition]
        }
        if back and apply:
            offsets = [TopicPartition(topic, *place) for place in back.items()]
            raise_refused(onlooker.commit(offsets=offsets, asynchronous=False) or ())
        return sum(places[partition] - offset for partition, offset in back.items())

    def _places(self, onlooker: Consumer) -> list[TopicPartition]:
        topic, within = self._topic, self._answer_within
        partitions = partitions_of(topic, onlooker, timeout=within)
        return committed_places(topic, partitions, onlooker, timeout=within)

    def _topic_id(self) -> str:
        """Return the topic's id, empty where the broker knows none."""
        questions = Questions(self._cluster.connection())  # it lives until the answer is there
        return id_of(questions.topic(self._topic).result(self._answer_within))

    @contextmanager
    def _onlooker(self) -> Iterator[Consumer]:
        onlooker = Consumer(
            {
                **self._cluster.connection(),
                "group.id": self._name,
                "enable.auto.commit": False,
                "allow.auto.create.topics": False,
            }
        )
        with closing(onlooker):
            yield onlooker

    def _occupied(self) -> ConflictError:
        return ConflictError(
            f"the group {self._name} has members: stop the engines first; one that was killed "
            "counts until its session times out"
        )
