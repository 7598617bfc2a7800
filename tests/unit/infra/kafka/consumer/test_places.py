"""Whether a place is known to be of a topic that is gone, which another has the name of."""

from dataclasses import dataclass, field

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from fixengine.infra.kafka.consumer.identity import Identity
from fixengine.infra.kafka.consumer.places import Places

NOWHERE = {"bootstrap.servers": "127.0.0.1:1", "log_level": 0}


class Known(Identity):
    """The topic is what the test says, and at each look."""

    def __init__(self) -> None:
        super().__init__({}, "orders")
        self.told = "first"

    def look(self) -> None:
        self.id = self.told


class Reader(Consumer):
    """Has committed places, and seeks what it is told to seek."""

    def __init__(self) -> None:
        super().__init__({**NOWHERE, "group.id": "none"})
        self.places: dict[int, str] | None = {}
        self.sought: list[tuple[int, int]] = []
        self.ready = True

    def committed(
        self, partitions: list[TopicPartition], timeout: float = -1
    ) -> list[TopicPartition]:
        if self.places is None:
            raise KafkaException(KafkaError(KafkaError.REQUEST_TIMED_OUT))
        return [
            TopicPartition("orders", each.partition, 7, self.places.get(each.partition, ""))
            for each in partitions
        ]

    def seek(self, partition: TopicPartition) -> None:
        if not self.ready:
            raise KafkaException(KafkaError(KafkaError._STATE))
        self.sought.append((partition.partition, partition.offset))


@dataclass(slots=True)
class Desk:
    """Places, and all that they see."""

    topic: Known = field(default_factory=Known)
    consumer: Reader = field(default_factory=Reader)
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        self.places = Places("orders", self.topic)

    def take(self, *partitions: int) -> None:
        self.places.taken(self.consumer, [TopicPartition("orders", each) for each in partitions])

    def look(self) -> list[tuple[int, int]]:
        """Look after the places; return what is sought by that."""
        self.consumer.sought.clear()
        self.places.look_after(self.consumer)
        return sorted(self.consumer.sought)

    def metadata(self, partition: int) -> str:
        (place,) = self.places.to_commit({partition: 10})
        assert (place.topic, place.partition, place.offset) == ("orders", partition, 10)
        assert place.metadata is not None
        return place.metadata


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_place_is_committed_with_its_topics_id_as_soon_as_that_is_known(desk: Desk) -> None:
    desk.take(1, 2)
    assert desk.metadata(1) == ""
    assert desk.look() == []
    assert desk.metadata(1) == desk.metadata(2) == "topic id first"


def test_a_place_that_was_committed_of_this_topic_is_gone_on_from(desk: Desk) -> None:
    desk.consumer.places = {1: "topic id first"}
    desk.take(1)
    assert desk.look() == []


def test_a_place_that_was_committed_of_a_topic_before_is_none(
    desk: Desk, events: list[str]
) -> None:
    desk.consumer.places = {1: "topic id zeroth", 2: "topic id first", 3: "topic id zeroth"}
    desk.take(1, 2, 3)
    assert desk.look() == [(1, OFFSET_BEGINNING), (3, OFFSET_BEGINNING)]
    assert desk.look() == []
    assert events == ["the topic was made anew, it is read from its beginning"]


@pytest.mark.parametrize("metadata", ["", "a-member-of-the-go-service"])
def test_a_place_that_another_program_committed_is_taken_as_it_is(
    desk: Desk, metadata: str
) -> None:
    desk.consumer.places = {1: metadata}
    desk.take(1)
    assert desk.look() == []
    assert desk.metadata(1) == "topic id first"


def test_places_that_can_not_be_read_are_taken_as_they_are(desk: Desk) -> None:
    desk.consumer.places = None
    desk.take(1)
    assert desk.look() == []


def test_a_topic_made_anew_meanwhile_is_read_from_its_beginning(desk: Desk) -> None:
    desk.take(1, 2)
    desk.look()
    desk.topic.told = "second"
    assert desk.look() == [(1, OFFSET_BEGINNING), (2, OFFSET_BEGINNING)]
    # until something comes of the new one, what may still be committed is of the old one
    desk.places.heard({2})
    assert desk.metadata(1) == "topic id first"
    assert desk.metadata(2) == "topic id second"
    desk.places.heard({1})
    assert desk.metadata(1) == "topic id second"
    assert desk.look() == []


def test_a_topic_made_anew_twice_is_read_twice(desk: Desk) -> None:
    desk.take(1)
    desk.look()
    for told in ("second", "third"):
        desk.topic.told = told
        assert desk.look() == [(1, OFFSET_BEGINNING)]
    desk.places.heard({1})
    assert desk.metadata(1) == "topic id third"


def test_what_can_not_be_sought_yet_is_sought_again(desk: Desk, events: list[str]) -> None:
    desk.take(1)
    desk.look()
    desk.topic.told = "second"
    desk.consumer.ready = False
    assert desk.look() == []
    desk.consumer.ready = True
    assert desk.look() == [(1, OFFSET_BEGINNING)]
    assert len(events) == 1


def test_only_what_was_heard_of_the_topic_after_an_assignment_counts(desk: Desk) -> None:
    """Another engine, whose place this is, may have known of a topic made anew before."""
    desk.take(1)
    desk.look()
    desk.take(2)
    assert desk.topic.id == ""


def test_a_partition_that_another_has_now_is_sought_no_more(desk: Desk) -> None:
    desk.take(1, 2)
    desk.look()
    desk.places.dropped({1})
    desk.topic.told = "second"
    assert desk.look() == [(2, OFFSET_BEGINNING)]
    assert desk.metadata(1) == ""
