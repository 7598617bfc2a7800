"""Names in the environment that are no settings: slips of the pen, and what others set."""

import pytest

from fixengine.config import load
from tests.unit.config.mistakes import problem


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("KAFKA_BROKER", "KAFKA_BROKERS"),
        ("FILL_DELAYMIN", "FILL_DELAY_MIN"),
        ("POSTGRES_SSL_MODE", "POSTGRES_SSLMODE"),
        ("PRICING_SERVICE_URL", "PRICING_SVC_URL"),
        ("SECURITY_SERVICE_URL", "SECURITY_SVC_URL"),
        ("LOG_LEVL", "LOG_LEVEL"),
        ("OTEL_METRIC_INTERVAL", "OTEL_METRICINTERVAL"),
    ],
)
def test_a_slip_in_a_name_is_reported_with_what_was_meant(slip: str, meant: str) -> None:
    assert problem(**{slip: "x"}) == f"{slip} is not known: write {meant}, or remove it"


@pytest.mark.parametrize(
    "name",
    [
        "KAFKA_PORT",
        "KAFKA_PORT_9092_TCP_ADDR",
        "KAFKA_SERVICE_PORT",
        "POSTGRES_SERVICE_HOST",
        "POSTGRES_PORT_5432_TCP_PORT",
        "POSTGRES_DB",
        "PGPASSWORD",
        "HTTP_PROXY",
        "OTEL_NODE_IP",
        "OTEL_COLLECTOR_HOST",
        "OTEL_PYTHON_LOG_CORRELATION",
        "OTEL_EXPORTER_PORT_4317_TCP_ADDR",
        "KAFKA_REPLICATION_FACTOR_SERVICE_HOST",
        "PATH",
    ],
)
def test_what_others_put_into_the_environment_is_left_alone(name: str) -> None:
    assert load({name: "x"}) == load({})


@pytest.mark.parametrize(
    ("name", "text", "service"),
    [
        ("HTTP_PORT", "tcp://10.0.0.1:8085", "http"),
        ("HEALTH_PORT", "udp://10.0.0.1:53", "health"),
        ("POSTGRES_PORT", "tcp://[fd00::1]:5432", "postgres"),
    ],
)
def test_the_link_to_a_service_is_named_as_such_with_the_remedy(
    name: str, text: str, service: str
) -> None:
    sentence = problem(**{name: text})
    assert sentence.startswith(
        f"{name} is '{text}', as Kubernetes sets it for a Service named {service}: "
    )
    assert "enableServiceLinks: false" in sentence


def test_the_link_to_a_database_named_postgres_is_all_that_is_wrong_beside_a_dsn() -> None:
    sentence = problem(POSTGRES_DSN="postgresql://h/d", POSTGRES_PORT="tcp://10.0.0.1:5432")
    assert "a Service named postgres" in sentence


def test_links_to_services_with_names_like_settings_are_left_alone() -> None:
    links = {
        "KAFKA_REPLICATION_FACTORS_PORT": "tcp://10.0.0.1:9092",
        "OTEL_EXPORTER_PORT": "tcp://x",
    }
    assert load(links) == load({})
