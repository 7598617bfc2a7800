"""A consumer group's places, as one asks for them who is not in the group."""

from datetime import UTC, datetime

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # these come from within
    AclOperation,
    ResourceType,
)

from fixengine.demo.servers.broker import Broker
from fixengine.demo.topics import TopicNames, create_topic
from fixengine.errors import UnavailableError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.group import ConsumerGroup
from tests.support.kafka.clusters import cluster
from tests.support.kafka.guarded import GuardedKafka


def test_who_may_not_see_the_topic_is_told_so_and_not_that_nothing_is_to_be_read_again(
    guarded: GuardedKafka, topics: TopicNames
) -> None:
    create_topic(guarded.plain, topics.orders, partitions=1)
    guarded.allow(ResourceType.GROUP, topics.group, AclOperation.READ)
    user = Cluster(brokers=guarded.by_password, client_id="test", client_config=guarded.as_user())
    group = ConsumerGroup(cluster=user, name=topics.group, topic=topics.orders)
    missing_right = f"the topic {topics.orders} may not be read: allow this user READ and DESCRIBE"
    with pytest.raises(UnavailableError, match=missing_right):
        group.rewind(datetime.now(UTC), apply=False)
    with pytest.raises(UnavailableError, match=missing_right):
        group.committed()


def test_a_topic_that_is_not_there_is_named_with_the_variable(
    broker: Broker, topics: TopicNames
) -> None:
    group = ConsumerGroup(cluster=cluster(broker), name=topics.group, topic=topics.orders)
    missing = f"there is no topic {topics.orders}: .*KAFKA_ORDERS_TOPIC"
    with pytest.raises(UnavailableError, match=missing):
        group.rewind(datetime.now(UTC), apply=False)
    with pytest.raises(UnavailableError, match=missing):
        group.committed()
