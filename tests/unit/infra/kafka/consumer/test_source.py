"""What a poll returns when the consumer turns out to be beyond help."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from fixengine.infra.kafka.consumer.source import KafkaSource
from tests.support.kafka.clusters import NOWHERE


class Fenced(Consumer):
    """Has the partition, brings a record and then says that it can't go on."""

    def __init__(self) -> None:
        super().__init__({"group.id": "none", "bootstrap.servers": "127.0.0.1:1", "log_level": 0})
        fenced = KafkaError(KafkaError._FATAL, "fenced by another", fatal=True)
        self.brings = deque(
            (
                Message(topic="orders", partition=0, offset=5, value=b"{}", timestamp=(0, 0)),
                Message(topic="orders", partition=0, offset=-1001, error=fenced),
            )
        )

    def poll(self, timeout: float = -1) -> Message | None:
        return self.brings.popleft()

    def committed(
        self, partitions: list[TopicPartition], timeout: float = -1
    ) -> list[TopicPartition]:
        return partitions

    def consume(self, num_messages: int = 1, timeout: float = -1) -> list[Message]:
        return [self.brings.popleft()]


def test_a_member_has_no_name_where_the_user_gives_an_empty_one() -> None:
    asked: list[Sequence[str]] = []

    def take(members: Sequence[str]) -> str:
        asked.append(members)
        return "name"

    source = KafkaSource(
        cluster=replace(NOWHERE, client_config={"group.instance.id": ""}),
        group="group",
        topic="orders",
        take_place=take,
    )
    source.open(on_revoked=lambda _: None, on_lost=lambda _: None)
    assert source._member is not None
    assert asked == []
    source.close({}, 5)


def test_what_comes_with_the_end_of_a_consumer_is_left_to_whoever_has_its_partitions() -> None:
    source = KafkaSource(
        cluster=NOWHERE,
        group="group",
        topic="orders",
    )
    lost: list[frozenset[int]] = []
    source.open(on_revoked=lost.append, on_lost=lost.append)
    member = source._member
    assert member is not None
    member._consumer.close()
    member._consumer = fenced = Fenced()
    member._assignment.given(fenced, [TopicPartition("orders", 0)])
    assert source.poll(10, 0) == ()
    assert lost == [frozenset({0})]
    assert "another engine has taken this one's place" in source.standing().said
