"""A broker that takes its time: what an engine that lives has sent once is on the topic once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice
from zlib import crc32

import psycopg
import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # NewTopic comes from within
    AdminClient,
    NewTopic,
)

from fixengine.demo.audit.report import Expectations
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.servers.apache import ApacheKafka
from fixengine.demo.topics import TopicNames, count_records, read_topic
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.engine.engine import Engine
from fixengine.errors import UnsettledError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.producer.sink import KafkaSink
from fixengine.ports.kafka import Failure
from fixengine.supervision.lifecycle import Crash
from tests.support.engines import Surroundings, ref, restarts, wait_until_ready
from tests.support.kafka.clusters import cluster
from tests.support.network.proxy import Flow, Proxy
from tests.support.stacks import BrokerKind

_PARTITIONS = 20
_UNDER_WAY = 5  # requests at a time, each of them for one partition
ONCE = Expectations(complete=False, repeats_allowed=False, empty_fills_announced=True)


@pytest.fixture(scope="module")
def proxied(broker_kind: BrokerKind, workspace: Workspace) -> Iterator[tuple[ApacheKafka, Proxy]]:
    """A broker of these tests' own, and a proxy to it by which it stays reachable."""
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("only Apache Kafka can be told of a proxy's address, and repeats so exactly")
    port = workspace.reserve_port()
    broker = ApacheKafka(workspace=workspace, name="starved-kafka", proxied=f"127.0.0.1:{port}")
    proxy = Proxy(port=port, target=int(broker.behind_proxy.rpartition(":")[2]))
    broker.start()
    proxy.start()
    yield broker, proxy
    proxy.stop()
    broker.stop()


@pytest.fixture
def broker(proxied: tuple[ApacheKafka, Proxy]) -> ApacheKafka:
    return proxied[0]


@pytest.fixture
def proxy(proxied: tuple[ApacheKafka, Proxy]) -> Proxy:
    return proxied[1]


def good(number: int) -> tuple[FedOrder, ...]:
    return tuple(islice(orders(seed=11), number))


@contextmanager
def working(around: Surroundings, proxy: Proxy, fed: tuple[FedOrder, ...]) -> Iterator[Engine]:
    """Lend an engine behind the proxy that has these orders and has just filled the first.

    No other falls due by itself. What falls due meanwhile is on the topic once in the end.
    """
    with around.engine(
        KAFKA_BROKERS=proxy.address,
        FILL_DELAY_FIRST="600",
        FILL_DELAY_MIN="600",
        FILL_DELAY_MAX="600",
        PUBLISH_EMPTY_FILLS="true",
    ) as engine:
        wait_until_ready(engine)
        around.send(*fed)
        around.wait_for("execution", len(fed))
        fall_due(around, fed[:1])
        around.wait_for("fill", 1)
        around.wait_for("outbox", 0)
        yield engine
        around.wait_for("outbox", 0, 60)
    around.assert_the_ledger_holds(fed, ONCE)


@contextmanager
def held_up(around: Surroundings, proxy: Proxy, fed: tuple[FedOrder, ...]) -> Iterator[Engine]:
    """Lend such an engine with all fills on their way, whose requests are held for very long."""
    with working(around, proxy, fed) as engine:
        proxy.set(Flow.OPEN, latency_seconds=20)
        fall_due(around, fed[1:])
        around.wait_for("outbox", len(fed) - 1)
        yield engine
        proxy.set(Flow.OPEN)
        around.wait_for("outbox", 0, 60)
        around.wait_for("fill where filled_at > now() - interval '25 s'", 0, 60)


def fall_due(around: Surroundings, orders: Sequence[FedOrder]) -> None:
    ids = [order.expected.execution_service_id for order in orders if order.expected]
    with psycopg.connect(around.dsn) as connection:
        connection.execute(
            "update execution set next_fill_timestamp = now() where execution_service_id = any(%s)",
            [ids],
        )


def wait_until_old(around: Surroundings, seconds: float, number: int) -> None:
    """Wait until so many unpublished fills are that old."""
    around.wait_for(f"outbox where stored_at < now() - interval '{seconds} s'", number)


def test_what_has_arrived_is_sent_under_no_other_number_however_long_another_fill_waits(
    around: Surroundings, proxy: Proxy
) -> None:
    """The fills arrive, and their acknowledgements do not."""
    fed = good(40)
    with working(around, proxy, fed):
        proxy.set(Flow.MUTE)
        fall_due(around, fed[1:2])
        wait_until_old(around, 3, 1)
        fall_due(around, fed[2:])
        around.wait_for("outbox", len(fed) - 1)
        wait_until_old(around, 9.5, 1)
        proxy.set(Flow.OPEN)


def test_requests_that_are_held_for_long_are_repeated_without_harm(
    around: Surroundings, proxy: Proxy
) -> None:
    """The first of each arrives long after its repetition has."""
    fed = good(40)
    with held_up(around, proxy, fed):
        wait_until_old(around, 12, len(fed) - 1)


def test_a_publisher_that_is_started_anew_repeats_nothing_that_the_broker_still_holds(
    around: Surroundings, proxy: Proxy
) -> None:
    """What the one before has sent arrives after the new one could have looked for it."""
    with held_up(around, proxy, good(40)) as engine:
        ref(engine, "publisher").tell(Crash(reason="test"))
        wait_until(lambda: restarts(engine)["publisher"] == 1, 60, "a new publisher")


def test_when_messages_are_refused_no_other_is_sent_under_another_number(
    broker: ApacheKafka, proxy: Proxy, topics: TopicNames
) -> None:
    """Acknowledgements were lost just then; whoever sent those has to look for them first."""
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})
    limited = NewTopic(topics.fills, _PARTITIONS, 1, config={"max.message.bytes": "2000"})
    admin.create_topics([limited])[topics.fills].result(60)
    sink = KafkaSink(cluster=Cluster(brokers=proxy.address, client_id="test"))
    reports: dict[bytes, Failure | None] = {}
    sink.open(reports.__setitem__)

    def send(value: bytes, *partitions: int) -> None:
        for partition in partitions:
            token = b"%d" % partition + value
            key = key_for(partition)
            sink.produce(topics.fills, key=key, value=token, headers=(), token=token)

    def there() -> int:
        sink.poll(0.05)
        return count_records(cluster(broker), topics.fills) or 0

    send(b" comes first", *range(_PARTITIONS))
    wait_until(lambda: there() == len(reports) == _PARTITIONS, 60, "every partition to have one")
    proxy.set(Flow.MUTE)
    unheard = range(0, _PARTITIONS, _PARTITIONS // _UNDER_WAY)
    send(b" is not heard of", *unheard)
    wait_until(lambda: there() == _PARTITIONS + _UNDER_WAY, 60, "them to arrive")
    send(b" is too large" * 1_000, *(set(range(_PARTITIONS)) - {*unheard}))
    proxy.set(Flow.OPEN)

    def settled() -> bool:
        sink.poll(0.05)
        return len(reports) == 2 * _PARTITIONS

    # on a busy machine the time in which they may be sent is over before
    with pytest.raises(UnsettledError, match=r"too large|no proof"):
        wait_until(settled, 60, "news of every message")
    sink.close()
    values = [record.value for record in read_topic(broker.bootstrap, topics.fills)]
    assert len(values) == len({*values}) == _PARTITIONS + _UNDER_WAY


def key_for(partition: int) -> bytes:
    """Return a key that the driver takes to this partition."""
    keys = (b"%d" % number for number in count())
    return next(key for key in keys if crc32(key) % _PARTITIONS == partition)


def test_a_broker_that_freezes_again_and_again_gets_each_fill_once(
    around: Surroundings, broker: ApacheKafka, proxy: Proxy
) -> None:
    fed, share = good(199), 66
    with working(around, proxy, fed):
        for start in range(1, len(fed), share):
            broker.pause()
            try:
                fall_due(around, fed[start : start + share])
                around.wait_for("fill", start + share)
                wait_until_old(around, 12, share)
            finally:
                broker.resume()
            around.wait_for("outbox", 0, 60)
