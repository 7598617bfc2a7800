"""Addresses as people write them, and what becomes of them."""

import pytest

from fixengine.config import load
from tests.unit.config.mistakes import problem


def test_a_url_loses_the_slash_at_its_end() -> None:
    assert load({"PRICING_SVC_URL": "https://h:1/base/"}).pricing_svc_url == "https://h:1/base"


@pytest.mark.parametrize("text", ["/fix-engine", "/fix-engine/"])
def test_a_prefix_loses_the_slash_at_its_end(text: str) -> None:
    assert load({"HTTP_PREFIX": text}).http_prefix == "/fix-engine"


def test_brokers_lose_the_spaces_between_them() -> None:
    assert load({"KAFKA_BROKERS": "a:1, [::1]:2"}).kafka_brokers == "a:1,[::1]:2"


def test_addresses_of_ipv6_get_their_brackets_where_they_need_them() -> None:
    settings = load(
        {
            "KAFKA_BROKERS": "fd00::1:9092, [fd00::2]:9092,kafka:9092",
            "SECURITY_SVC_URL": "http://fd00::3:8000/",
            "PRICING_SVC_URL": "http://[fd00::4]:8083",
            "POSTGRES_HOST": "[fd00::5]",
        }
    )
    assert settings.kafka_brokers == "[fd00::1]:9092,[fd00::2]:9092,kafka:9092"
    assert settings.security_svc_url == "http://[fd00::3]:8000"
    assert settings.pricing_svc_url == "http://[fd00::4]:8083"
    assert settings.postgres_host == "fd00::5"


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("[fe80::1%eth0]", "fe80::1%eth0"),
        ("fd00::1, [fd00::2],db", "fd00::1,fd00::2,db"),
        ("/cloudsql/a:b:c", "/cloudsql/a:b:c"),
        ("@socket", "@socket"),
    ],
)
def test_a_database_has_any_host_that_libpq_knows(given: str, host: str) -> None:
    assert load({"POSTGRES_HOST": given}).postgres_host == host


@pytest.mark.parametrize("host", ["db:5432", "[fd00::1]:5432", "db-1,db-2:5432"])
def test_a_port_after_the_databases_host_is_refused_with_its_place(host: str) -> None:
    assert "its port in POSTGRES_PORT" in problem(POSTGRES_HOST=host)
