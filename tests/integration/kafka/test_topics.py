"""Topics that a broker will not make as they are wanted."""

from collections.abc import Sequence

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # these come from within
    AdminClient,
    ConfigResource,
    ResourceType,
)

from fixengine.demo.servers.broker import Broker
from fixengine.demo.topics import TopicNames
from fixengine.infra.kafka.producer.topics import LARGEST_MESSAGE, TopicMaker, WantedTopic
from tests.support.stacks import BrokerKind

pytestmark = pytest.mark.usefixtures("apache")


@pytest.fixture
def apache(broker_kind: BrokerKind) -> None:
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("the embedded broker refuses no topic")


def made(broker: Broker, name: str) -> tuple[int, int, int]:
    """Return a topic's partitions, copies and max.message.bytes; no partitions: there is none."""
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})
    topic = admin.list_topics(timeout=60).topics.get(name)
    if topic is None:
        return 0, 0, 0
    resource = ConfigResource(ResourceType.TOPIC, name)
    config = admin.describe_configs([resource])[resource].result(60)
    copies = {len(partition.replicas) for partition in topic.partitions.values()}
    return len(topic.partitions), max(copies), int(config["max.message.bytes"].value)


def maker(broker: Broker, *, replicas_within: float = 0.0) -> TopicMaker:
    return TopicMaker({"bootstrap.servers": broker.bootstrap}, replicas_within=replicas_within)


def wanted(
    names: Sequence[str], *, partitions: int = 2, copies: int = 1, large: bool = False
) -> list[WantedTopic]:
    return [
        WantedTopic(name=name, partitions=partitions, replication_factor=copies, large=large)
        for name in names
    ]


def test_a_topic_is_made_as_it_is_wanted_where_the_broker_does_not_mind(
    broker: Broker, topics: TopicNames
) -> None:
    news = maker(broker).make(wanted([topics.dlq], large=True), 10)
    assert (news.refused, news.notes) == ({}, {})
    assert made(broker, topics.dlq) == (2, 1, LARGEST_MESSAGE)


def test_more_copies_than_brokers_become_as_many_as_the_broker_gives_by_itself(
    broker: Broker, topics: TopicNames
) -> None:
    news = maker(broker).make(wanted([topics.dlq], copies=3, large=True), 10)
    assert news.refused == {}
    assert news.notes[topics.dlq].endswith(": not 3 copies (KAFKA_REPLICATION_FACTOR)")
    assert made(broker, topics.dlq) == (2, 1, LARGEST_MESSAGE)


def test_brokers_that_may_be_starting_are_waited_for(broker: Broker, topics: TopicNames) -> None:
    patient = maker(broker, replicas_within=600.0)
    for _ in range(2):
        news = patient.make(wanted([topics.dlq], copies=3), 10)
        assert topics.dlq in news.refused[topics.dlq]
    assert made(broker, topics.dlq) == (0, 0, 0)


def test_a_number_of_partitions_that_is_refused_becomes_the_brokers_own(
    broker: Broker, topics: TopicNames
) -> None:
    news = maker(broker).make(wanted([topics.fills], partitions=0, copies=3), 10)
    assert news.refused == {}
    assert news.notes[topics.fills].endswith(
        ": not 3 copies (KAFKA_REPLICATION_FACTOR), and not 0 partitions"
    )
    assert made(broker, topics.fills)[:2] == (1, 1)


def test_a_topic_that_can_not_be_made_at_all_keeps_no_other_from_it(
    broker: Broker, topics: TopicNames
) -> None:
    news = maker(broker).make(wanted(["no such/name", topics.fills], copies=3), 10)
    assert news.refused.keys() == {"no such/name"}
    assert made(broker, topics.fills)[:2] == (2, 1)


def test_a_topic_that_is_there_is_left_as_it_is(
    broker: Broker, topics: TopicNames, events: list[str]
) -> None:
    maker(broker).make(wanted([topics.dlq]), 10)
    before = made(broker, topics.dlq)
    news = maker(broker).make(wanted([topics.dlq], partitions=5, large=True), 10)
    assert (news.refused, news.notes) == ({}, {})
    assert made(broker, topics.dlq) == before
    assert events == ["topic created"]
