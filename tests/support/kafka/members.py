"""Members of the consumer group that a test polls, without an engine around them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from fixengine.demo.topics import TopicNames
from fixengine.demo.waiting import wait_until
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.consumer.place_search import TakePlace
from fixengine.infra.kafka.consumer.source import KafkaSource
from fixengine.ports.kafka import Record, Standing


@dataclass(slots=True)
class Member:
    """A consumer that is polled whenever it is waited for, with what it brought and said."""

    source: KafkaSource
    records: list[Record] = field(default_factory=list)
    said: list[Standing] = field(default_factory=list)

    def poll(self) -> Standing:
        self.records.extend(self.source.poll(500, 0.05))
        standing = self.source.standing()
        if not self.said or self.said[-1] != standing:
            self.said.append(standing)
        return standing

    def wait(self, condition: Callable[[Standing], object], what: str) -> Standing:
        """Poll until it says what is waited for, and return that."""
        wait_until(lambda: condition(self.poll()), 150, f"{what}; said so far: {self.said}")
        return self.source.standing()

    @property
    def changes(self) -> int:
        """How often it went up or down, the beginning not counted."""
        ups = [standing.up for standing in self.said]
        return sum(before != after for before, after in pairwise(ups))


@contextmanager
def member(
    brokers: str,
    topics: TopicNames,
    config: Mapping[str, str | int],
    take_place: TakePlace | None = None,
) -> Iterator[Member]:
    source = KafkaSource(
        cluster=Cluster(brokers=brokers, client_id="test", client_config=config),
        group=topics.group,
        topic=topics.orders,
        take_place=take_place,
    )
    source.open(on_revoked=lambda _: None, on_lost=lambda _: None)
    try:
        yield Member(source)
    finally:
        source.close({}, 5)


def up(standing: Standing) -> bool:
    return standing.up


def down(standing: Standing) -> bool:
    return not standing.up
