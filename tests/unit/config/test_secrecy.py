"""No secret is said, whatever it is set in."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.config import VARIABLES, describe, load, loading, notes
from fixengine.secrets import Secrets
from tests.unit.config.mistakes import problem, shown


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("POSTGRES_DSN", "hunter2"),
        ("KAFKA_CLIENT_CONFIG", '{"sasl.password": "hunter2", "acks": 1}'),
        ("KAFKA_CLIENT_CONFIG", '{"sasl.password": "hunter2"'),
        ("SECURITY_SVC_URL", "http://user:hunter2@host"),
        ("SECURITY_SVC_URL", "http://me@corp:hunter2@host:8000"),
        ("PRICING_SVC_URL", "http://host?key=hunter2"),
        ("KAFKA_BROKERS", "SASL_SSL://me:hunter2@kafka:9092"),
        ("OTEL_METRICENDPOINT", "http://me:hunter2@node:4317"),
        ("POSTGRES_HOST", "me:hunter2@host"),
        ("POSTGRES_HOST", "postgresql://me:hunter2@host/db"),
        ("POSTGRES_HOST", "host=db password=hunter2"),
        ("POSTGRES_DBNAME", "postgresql://me:hunter2@host/db"),
        ("POSTGRES_DBNAME", "dbname=db password=hunter2"),
        ("POSTGRES_DBNAME", "me:hunter2@host/db"),
        ("POSTGRES_USER", "me:hunter2"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "-----BEGIN PRIVATE KEY-----\nhunter2"),
        ("OPERATOR_TOKEN", "hunter2"),
        ("OPERATOR_TOKEN", "hunter2 hunter2 hunter2"),
        ("OPERATOR_TOKEN", "hunter2-hunter2-ü"),
        ("OPERATOR_TOKEN", "'hunter2-hunter2-hunter2'"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "token=hunter2 ü"),
    ],
)
def test_a_mistake_never_shows_a_secret(name: str, text: str) -> None:
    sentence = problem(**{name: text})
    assert sentence.startswith(name)
    assert "hunter2" not in sentence


def test_an_attribute_that_is_called_a_secret_is_not_described() -> None:
    settings = load({"OTEL_RESOURCE_ATTRIBUTES": "k8s.pod.ip=10.0.0.7, api.token=hunter2"})
    assert shown(settings, "OTEL_RESOURCE_ATTRIBUTES") == "k8s.pod.ip=10.0.0.7, api.token=***"


MARKED = {
    "POSTGRES_PASSWORD": "hunter2",
    "POSTGRES_DSN": "postgresql://u:hunter2@h/d",
    "KAFKA_CLIENT_CONFIG": '{"sasl.password": "hunter2"}',
    "OPERATOR_TOKEN": "hunter2-hunter2-hunter2",
    "FIX_PASSWORD": "hunter2",
}
SECRET = {**MARKED, "OTEL_EXPORTER_OTLP_HEADERS": "token=hunter2"}
NO_MARKS = re.compile("hunter2.*hunter2|hunter2")


@pytest.mark.parametrize("name", MARKED)
@pytest.mark.parametrize(
    "mark", ["{}\n", "{}\r\n", "{}\n\n", "\ufeff{}", "\ufeff{}\r\n"], ids=ascii
)
def test_what_a_file_adds_to_a_secret_is_left_out_with_a_note(name: str, mark: str) -> None:
    (whole,) = NO_MARKS.findall(MARKED[name])
    marked = mark.format(whole)
    if name == "KAFKA_CLIENT_CONFIG":
        marked = json.dumps(marked)[1:-1]
    environment = {name: MARKED[name].replace(whole, marked)}
    assert load(environment) == load({name: MARKED[name]})
    (note,) = notes(environment)
    assert note.startswith(f"{name} holds what belongs to a file, a line break")
    assert "hunter2" not in note
    assert [*notes({name: MARKED[name]})] == []


def test_every_secret_is_learnt_and_never_described() -> None:
    assert {each.name for each in VARIABLES.values() if each.secret} == SECRET.keys()
    for name, text in SECRET.items():
        settings = load({name: text})
        assert "hunter2" not in f"{describe(settings)} {settings!r}"
        learnt = Secrets()
        learnt.learn(loading._secrets(settings))
        assert "hunter2" not in learnt.hide(f"so it came to {text}, and ended")


PEM = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"


def test_a_key_in_the_place_of_its_file_is_not_described() -> None:
    config = json.dumps({"ssl.key.location": PEM})
    settings = load({"KAFKA_CLIENT_CONFIG": config, "POSTGRES_DSN": f"host=h sslkey='{PEM}'"})
    assert "hunter2" not in str(describe(settings))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_no_password_is_ever_described(password: str) -> None:
    secret = f"hunter2{password}hunter2"
    escaped = secret.replace("\\", "\\\\").replace("'", "\\'")
    config = json.dumps({"sasl.password": secret, "ssl.key.pem": secret, "linger.ms": 5})
    by_parts = load({"POSTGRES_PASSWORD": secret, "KAFKA_CLIENT_CONFIG": config})
    by_dsn: dict[str, Any] = {"POSTGRES_DSN": f"host=h password='{escaped}' dbname=d"}
    for settings in (by_parts, load(by_dsn)):
        assert "hunter2" not in str(describe(settings))
        assert "hunter2" not in repr(settings)
    assert '"linger.ms": 5' in shown(by_parts, "KAFKA_CLIENT_CONFIG")
