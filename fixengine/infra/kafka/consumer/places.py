"""Where partitions are read on, and where the group is to go on with them."""

from collections.abc import Iterable, Mapping

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from loguru import logger

from fixengine.infra.kafka.consumer.identity import Identity
from fixengine.infra.kafka.topic_ids import metadata_of, noted_id

COMMITTED_WITHIN = 2.0
"""Seconds for the broker to say what is committed: less than a stop gives the intake."""


class Places:
    """The places of one consumer's partitions, each with the id of its topic.

    The id is committed with the place. A topic that was deleted and made anew has another id, and
    is read from its beginning: by the consumer that has the partition then, or by the next one. A
    place without an id, such as another program commits, tells nothing.
    """

    def __init__(self, topic: str, identity: Identity) -> None:
        self._topic = topic
        self._identity = identity
        self._ids: dict[int, str] = {}
        self._sought: dict[int, str] = {}  # from their beginnings, of which nothing has come yet
        self._told = ""
        self._commit_failed = False

    @property
    def topic_is_missing(self) -> bool:
        """Whether there was no topic at the last look."""
        return self._identity.missing

    def taken(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Take on what the group has given to the consumer; may wait for the broker."""
        # another engine may know by now of a topic that was made anew
        self._identity.forget()
        try:
            committed = consumer.committed(partitions, timeout=COMMITTED_WITHIN)
        except KafkaException as error:
            logger.bind(error=str(error)).debug("the committed places can't be read")
            committed = partitions
        self._ids |= {place.partition: noted_id(place.metadata) for place in committed}

    def dropped(self, partitions: Iterable[int]) -> None:
        """Let go of what is another member's now."""
        for partition in partitions:
            self._ids.pop(partition, None)
            self._sought.pop(partition, None)

    def heard(self, partitions: Iterable[int]) -> None:
        """Take note of which partitions have brought something, if only their end."""
        for partition in self._sought.keys() & partitions:
            self._ids[partition] = self._sought.pop(partition)

    def look_after(self, consumer: Consumer) -> None:
        """Read a partition from its beginning when its place turns out to be of another topic."""
        self._identity.look()
        now = self._identity.id
        if not now:
            return
        self._ids = {partition: known or now for partition, known in self._ids.items()}
        others = {
            partition: OFFSET_BEGINNING
            for partition, known in self._ids.items()
            if self._sought.get(partition, known) != now
        }
        if not others:
            return
        if now != self._told:
            self._told = now
            logger.bind(topic=self._topic).warning(
                "the topic was made anew, it is read from its beginning"
            )
        self._sought |= dict.fromkeys(self.seek(consumer, others), now)

    def seek(self, consumer: Consumer, offsets: Mapping[int, int]) -> frozenset[int]:
        """Read partitions on from other offsets; return those where that is possible now."""
        done: set[int] = set()
        for partition, offset in offsets.items():
            try:
                consumer.seek(TopicPartition(self._topic, partition, offset))
            except KafkaException as error:  # one that has just come, or is about to go
                logger.bind(error=str(error)).debug("a partition is sought again later")
            else:
                done.add(partition)
        return frozenset(done)

    def to_commit(self, positions: Mapping[int, int]) -> list[TopicPartition]:
        """Return the next offsets to read as they are committed."""
        return [
            TopicPartition(
                self._topic, partition, offset, metadata_of(self._ids.get(partition, ""))
            )
            for partition, offset in positions.items()
        ]

    def committed(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """Take the broker's answer to a commit."""
        refused = error or next((p.error for p in partitions if p.error), None)
        if refused is not None:
            self._commit_failed = True
            logger.bind(error=refused.str()).debug("offsets were not committed")

    def commit_failed(self) -> bool:
        """Say whether the broker has refused a commit since the last call."""
        failed, self._commit_failed = self._commit_failed, False
        return failed

    def close(self) -> None:
        """Look at the topic no more."""
        self._identity.close()
