"""What the producer says of its messages, on a real broker."""

import pytest

from fixengine.demo.servers.broker import Broker
from fixengine.demo.topics import TopicNames, count_records, read_topic
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.infra.kafka.producer.sink import KafkaSink
from fixengine.infra.kafka.producer.topics import WantedTopic
from fixengine.ports.kafka import Failure
from tests.support.kafka.clusters import NOWHERE, cluster
from tests.support.stacks import BrokerKind

_NEW_TOPICS = 12
_MESSAGES = 60


def sink(broker: Broker, topic: str) -> KafkaSink:
    return KafkaSink(
        cluster=cluster(broker),
        topics=(WantedTopic(name=topic, partitions=20, replication_factor=1),),
    )


Reports = dict[bytes, Failure | None]


def send(sink: KafkaSink, topic: str, numbers: range, reports: Reports) -> Reports:
    """Put messages on a topic; return what became of each, of which the sink tells `reports`."""
    keys = [str(number).encode() for number in numbers]
    for key in keys:
        sink.produce(topic, key=key, value=key, headers=(), token=key)
        sink.poll(0.002)

    def all_told() -> bool:
        sink.poll(0.05)
        return reports.keys() >= set(keys)

    wait_until(all_told, 60, "news of every message")
    return {key: reports[key] for key in keys}


def test_what_is_acknowledged_is_there_also_on_a_topic_that_was_just_made(
    broker: Broker, topics: TopicNames
) -> None:
    for number in range(_NEW_TOPICS):
        topic = f"{topics.fills}-{number}"
        producer = sink(broker, topic)
        reports: Reports = {}
        producer.open(reports.__setitem__)
        producer.ensure_topics(10)
        # several batches: the first meet partitions without a leader
        early = send(producer, topic, range(_MESSAGES), reports)
        late = send(producer, topic, range(_MESSAGES, 2 * _MESSAGES), reports)
        producer.close()
        there = {record.value for record in read_topic(broker.bootstrap, topic)}
        assert {key for key, failure in early.items() if failure is None} <= there
        assert not any(late.values())
        assert late.keys() <= there


def test_without_a_broker_topics_are_said_to_be_out_of_reach(topics: TopicNames) -> None:
    away = KafkaSink(
        cluster=NOWHERE,
        topics=(WantedTopic(name=topics.fills, partitions=1, replication_factor=1),),
    )
    reports: Reports = {}
    away.open(reports.__setitem__)
    with pytest.raises(UnavailableError, match="does not answer"):
        away.ensure_topics(1)
    away.close()


def test_a_topic_that_can_not_be_created_keeps_no_other_from_it(
    broker: Broker, topics: TopicNames, broker_kind: BrokerKind
) -> None:
    if broker_kind is BrokerKind.EMBEDDED:
        pytest.skip("the embedded broker refuses no topic")
    bad = "no such/name"
    producer = KafkaSink(
        cluster=cluster(broker),
        topics=tuple(
            WantedTopic(name=name, partitions=1, replication_factor=1)
            for name in (bad, topics.fills)
        ),
    )
    reports: Reports = {}
    producer.open(reports.__setitem__)
    refused = producer.ensure_topics(10).refused
    assert refused.keys() == {bad}
    assert bad in refused[bad]
    assert count_records(cluster(broker), topics.fills) == 0
    producer.close()
