"""KAFKA_CLIENT_CONFIG: what it may hold, and what of it is shown."""

import json

import pytest

from fixengine.config import load, notes
from tests.unit.config.mistakes import problem, shown


@pytest.mark.parametrize(
    "key",
    [
        "enable.auto.commit",
        "enable.auto.offset.store",
        "group.id",
        "bootstrap.servers",
        "enable.idempotence",
        "acks",
        "partition.assignment.strategy",
        "group.protocol",
        "auto.offset.reset",
        "allow.auto.create.topics",
        "isolation.level",
        "transactional.id",
        "partitioner",
        "delivery.report.only.error",
        "enable.partition.eof",
        "statistics.interval.ms",
        "topic.blacklist",
    ],
)
def test_what_the_engine_sets_itself_is_refused_by_name(key: str) -> None:
    assert f"leave out {key}" in problem(KAFKA_CLIENT_CONFIG=json.dumps({key: "x"}))


@pytest.mark.parametrize("name", ["error_cb", "stats_cb", "logger", "default.topic.config"])
def test_what_a_driver_in_python_takes_beside_librdkafka_is_refused(name: str) -> None:
    assert f"leave out {name}" in problem(KAFKA_CLIENT_CONFIG=json.dumps({name: "x"}))


@pytest.mark.parametrize("text", ["[]", "{", "true", '{"a": null}', '{"a": {}}', '{"a": [1]}'])
def test_client_settings_are_one_object_of_scalars(text: str) -> None:
    assert "give a JSON object" in problem(KAFKA_CLIENT_CONFIG=text)


def test_client_settings_keep_their_types() -> None:
    text = '{"a": true, "b": 1, "c": 0.5, "d": "x"}'
    assert load({"KAFKA_CLIENT_CONFIG": text}).kafka_client_config == json.loads(text)


SECRET_CONFIG = {
    "sasl.password": "hunter2",
    "ssl.key.pem": "hunter2",
    "sasl.oauthbearer.client.secret": "hunter2",
    "sasl.oauthbearer.config": "principal=me secret=hunter2",
    "sasl.oauthbearer.token.endpoint.url": "https://me:hunter2@idp/token",
    "sasl.oauthbearer.assertion.private.key.passphrase": "hunter2",
    "sasl.kerberos.kinit.cmd": "echo hunter2 | kinit",
}


@pytest.mark.parametrize("key", SECRET_CONFIG)
def test_no_secret_of_the_broker_is_described_whatever_it_is_called(key: str) -> None:
    settings = load({"KAFKA_CLIENT_CONFIG": json.dumps({key: SECRET_CONFIG[key]})})
    assert shown(settings, "KAFKA_CLIENT_CONFIG") == json.dumps({key: "***"})


def test_what_is_no_secret_of_the_broker_is_described() -> None:
    config = {
        "security.protocol": "SASL_SSL",
        "sasl.username": "me",
        "ssl.key.location": "/key.pem",
        "sasl.oauthbearer.token.endpoint.url": "https://idp/token",
    }
    settings = load({"KAFKA_CLIENT_CONFIG": json.dumps(config)})
    assert shown(settings, "KAFKA_CLIENT_CONFIG") == json.dumps(config)


def test_the_line_break_of_a_file_is_left_out_of_a_brokers_user_too() -> None:
    environment = {"KAFKA_CLIENT_CONFIG": json.dumps({"sasl.username": "me\n"})}
    assert load(environment).kafka_client_config == {"sasl.username": "me"}
    assert len([*notes(environment)]) == 1


def test_a_key_in_pem_keeps_its_last_line_break() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"
    environment = {"KAFKA_CLIENT_CONFIG": json.dumps({"ssl.key.pem": pem})}
    assert load(environment).kafka_client_config == {"ssl.key.pem": pem}
    assert [*notes(environment)] == []
