"""What is said of a broker that can't be used: its address, the cause and the remedy."""

import json
import socket
from collections.abc import Callable, Mapping
from itertools import islice, pairwise

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # these come from within
    AclOperation,
    ResourceType,
)

from fixengine.demo.feed.feed import orders
from fixengine.demo.servers.broker import Broker
from fixengine.demo.topics import create_topic
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.producer.sink import KafkaSink
from fixengine.infra.kafka.producer.topics import WantedTopic
from fixengine.ports.kafka import Failure
from tests.support.engines import Surroundings, part, restarts, wait_until_ready
from tests.support.kafka.guarded import GuardedKafka

Config = Mapping[str, str | int]
TLS = {"security.protocol": "SSL"}


def said(brokers: str, config: Config, *, until: str) -> str:
    """Look for a broker until that is said of it."""
    sink = KafkaSink(
        cluster=Cluster(brokers=brokers, client_id="test", client_config=config),
        topics=(WantedTopic(name="fills", partitions=1, replication_factor=1),),
    )
    reports: list[Failure | None] = []
    sink.open(lambda _, failure: reports.append(failure))
    heard = ["nothing yet"]

    def told() -> bool:
        try:
            sink.ensure_topics(1)
            heard.append(sink.unreached())
        except UnavailableError as error:
            heard.append(str(error))
        return until in heard[-1] if until else not heard[-1]

    try:
        wait_until(told, 60, f"{until!r} to be said; heard {set(heard)}")
    finally:
        sink.close()
    return heard[-1]


@pytest.mark.parametrize(
    "address", ["127.0.0.1:1", *(["[::1]:1"] if socket.has_dualstack_ipv6() else [])]
)
def test_a_broker_that_does_not_run_is_told_with_its_address(address: str) -> None:
    words = said(address, {}, until=f"{address} can't be used")
    assert "Connection refused" in words
    assert "transport" not in words


@pytest.mark.parametrize(
    "config", [{"reconnect.backoff.max.ms": 200}, {"reconnect.backoff.ms": 50}]
)
def test_a_rest_between_tries_of_the_users_own_is_taken(config: Config) -> None:
    assert "Connection refused" in said("127.0.0.1:1", config, until="can't be used")


def test_a_host_that_nobody_knows_is_named() -> None:
    assert "nosuchhost.invalid:9092" in said("nosuchhost.invalid:9092", {}, until="nobody knows")


def test_one_good_address_among_others_is_enough(broker: Broker) -> None:
    brokers = f"127.0.0.1:1,{broker.bootstrap},nosuchhost.invalid:9092"
    assert said(brokers, broker.client_config, until="") == ""


@pytest.mark.parametrize("config", [{}, TLS], ids=["plain text", "TLS"])
def test_who_takes_connections_and_never_answers_is_named(config: Config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        config = {**config, "socket.connection.setup.timeout.ms": 3000}
        said(address, config, until=f"nothing comes from {address}")
        words = said(address, config, until="nothing is answered")
    assert "security.protocol" not in words


def test_an_advertised_address_that_can_not_be_reached_is_named(guarded: GuardedKafka) -> None:
    words = said(guarded.misled, {}, until=f"broker 1 advertises {guarded.nowhere}")
    assert "Connection refused" in words
    assert "advertised.listeners" in words


@pytest.mark.parametrize(
    ("address", "config", "until"),
    [
        (
            lambda kafka: kafka.by_password,
            lambda kafka: kafka.as_user(sasl_password="wrong"),
            "sasl.password",
        ),
        (
            lambda kafka: kafka.by_password,
            lambda kafka: kafka.as_user(sasl_mechanism="SCRAM-SHA-256"),
            "supported mechanisms: PLAIN",
        ),
        (lambda kafka: kafka.by_password, lambda _: {}, "may want TLS or SASL"),
        (lambda kafka: kafka.plain, lambda kafka: kafka.as_user(), "wants no SASL"),
        (lambda kafka: kafka.trusted, lambda _: {}, "may want TLS or SASL"),
        (lambda kafka: kafka.plain, lambda _: TLS, "may not speak TLS"),
        (lambda kafka: kafka.trusted, lambda _: TLS, "ssl.ca.location"),
        (
            lambda kafka: kafka.by_certificate,
            lambda kafka: {**TLS, "ssl.ca.location": str(kafka.authority)},
            "made out to this address",
        ),
    ],
    ids=[
        "a wrong password",
        "another mechanism",
        "plain text where SASL is wanted",
        "SASL where none is wanted",
        "plain text where TLS is wanted",
        "TLS where none is wanted",
        "an authority that is not known",
        "a name that is not in the certificate",
    ],
)
def test_why_a_broker_refuses_is_told_with_the_remedy(
    guarded: GuardedKafka,
    address: Callable[[GuardedKafka], str],
    config: Callable[[GuardedKafka], Config],
    until: str,
) -> None:
    said(address(guarded), config(guarded), until=until)


def test_with_the_right_authority_and_password_nothing_is_said(guarded: GuardedKafka) -> None:
    said(guarded.trusted, {**TLS, "ssl.ca.location": str(guarded.authority)}, until="")


def test_an_engine_works_by_ipv6_with_brackets_or_without(
    kafka: Surroundings, guarded: GuardedKafka
) -> None:
    bare = guarded.by_ipv6.replace("[", "").replace("]", "")
    with kafka.engine(KAFKA_BROKERS=bare) as engine:
        wait_until_ready(engine, 90)
        kafka.send(*islice(orders(seed=1), 5))
        kafka.wait_for("execution where not is_open", 5, 90)
        kafka.wait_for("outbox", 0, 90)


def test_an_engine_whose_fills_are_refused_is_unready_until_they_are_taken(
    kafka: Surroundings, guarded: GuardedKafka
) -> None:
    """As where the engine's clock is ahead; and it goes down and up once."""
    with kafka.engine() as engine:
        wait_until_ready(engine)
        guarded.configure(kafka.topics.fills, "message.timestamp.before.max.ms", "1")
        ups: list[bool] = []

        def sampled(*, up: bool, for_long: bool = False) -> bool:
            ups.append(part(engine, "broker")["up"])
            lately = ups[-500:] if for_long else ups[-1:]
            return set(lately) == {up}

        feed = orders(seed=1)
        kafka.send(*(next(feed) for _ in range(20)))
        wait_until(lambda: sampled(up=False), 90, "the broker to be down")
        wait_until(lambda: sampled(up=False, for_long=True), 90, "it to stay so")
        assert "fills are refused" in part(engine, "broker")["said"]
        guarded.configure(kafka.topics.fills, "message.timestamp.before.max.ms", "3600000")
        wait_until(lambda: sampled(up=True), 90, "the broker to be up again")
        assert sum(before != after for before, after in pairwise(ups)) == 2
        kafka.wait_for("execution where not is_open", 20, 90)


def test_an_engine_whose_user_may_write_nowhere_is_unready_until_she_may(
    kafka: Surroundings, guarded: GuardedKafka
) -> None:
    topics = kafka.topics
    for name in (topics.fills, topics.dlq):
        create_topic(kafka.broker.bootstrap, name)
    guarded.allow(ResourceType.TOPIC, topics.orders, AclOperation.READ)
    guarded.allow(ResourceType.GROUP, topics.group, AclOperation.READ)
    for name in (topics.fills, topics.dlq):
        guarded.allow(ResourceType.TOPIC, name, AclOperation.READ)
    feed = orders(seed=1)
    kafka.send(*(next(feed) for _ in range(20)))
    as_user = json.dumps(dict(guarded.as_user()))
    with kafka.engine(KAFKA_BROKERS=guarded.by_password, KAFKA_CLIENT_CONFIG=as_user) as engine:
        wait_until(lambda: not part(engine, "broker")["up"] and kafka.count("outbox"), 90, "a fill")
        wait_until(lambda: "allow WRITE" in part(engine, "broker")["said"], 90, "the cause")
        assert not any(restarts(engine).values())
        for name in (topics.fills, topics.dlq):
            guarded.allow(ResourceType.TOPIC, name, AclOperation.WRITE)
        wait_until_ready(engine, 90)
        kafka.wait_for("execution where not is_open", 20, 120)
        kafka.wait_for("outbox", 0, 90)
        assert not any(restarts(engine).values())
