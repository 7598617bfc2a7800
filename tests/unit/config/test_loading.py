"""Settings from the environment: defaults, all mistakes together, contradictions."""

from dataclasses import fields

import pytest

from fixengine.config import VARIABLES, Settings, describe, load
from tests.unit.config.mistakes import problem, problems


def test_what_has_no_default_is_described_as_unset() -> None:
    unset = {name for name, text in describe(load({})) if text == "(unset)"}
    assert unset == {variable.name for variable in VARIABLES.values() if not variable.default}


def test_defaults_have_their_types() -> None:
    settings = load({})
    assert (settings.http_port, settings.fill_delay_first_seconds) == (8085, 1.0)
    assert settings.fill_processing_interval_seconds is None
    assert settings.fill_seed is None
    assert settings.publish_empty_fills is False
    assert settings.kafka_client_config == {}
    assert settings.metric_collector is None


def test_every_field_has_its_own_variable_with_a_meaning() -> None:
    assert {field.name for field in fields(Settings)} == set(VARIABLES)
    assert len({variable.name for variable in VARIABLES.values()}) == len(VARIABLES)
    assert all(variable.meaning for variable in VARIABLES.values())


def test_the_default_in_the_table_is_what_an_unset_variable_means() -> None:
    given = {variable.name: variable.default for variable in VARIABLES.values()}
    spelled_out = {name: text for name, text in given.items() if not name.startswith("POSTGRES_")}
    assert load(spelled_out) == load({})


def test_described_settings_can_be_loaded_again() -> None:
    settings = load(
        {
            "LOG_LEVEL": "WARN",
            "FILL_DELAY_FIRST": "50ms",
            "PUBLISH_EMPTY_FILLS": "Yes",
            "KAFKA_CLIENT_CONFIG": '{"linger.ms": 5, "debug": "all"}',
            "OTEL_RESOURCE_ATTRIBUTES": "a=b, c=d",
        }
    )
    again = {name: text for name, text in describe(settings) if text != "(unset)"}
    assert load(again) == settings


@pytest.mark.parametrize("name", [variable.name for variable in VARIABLES.values()])
def test_an_empty_value_counts_as_unset(name: str) -> None:
    assert load({name: ""}) == load({})


def test_blanks_around_a_value_are_ignored_but_belong_to_a_password() -> None:
    settings = load({"HTTP_PORT": " 80\n", "POSTGRES_PASSWORD": " x "})
    assert settings.http_port == 80
    assert settings.postgres_password == " x "


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_break_after_a_password_is_that_of_its_file(end: str) -> None:
    assert load({"POSTGRES_PASSWORD": f"x {end}"}).postgres_password == "x "


def test_all_mistakes_are_reported_together() -> None:
    found = problems(
        HTTP_PORT="x",
        FILL_DELAY_MIN="200",
        LOG_FORMAT="xml",
        KAFKA_BROKER="kafka:9092",
        KAFKA_FILLS_TOPIC="orders",
    )
    assert [sentence.split()[0] for sentence in found] == [
        "HTTP_PORT",
        "LOG_FORMAT",
        "KAFKA_ORDERS_TOPIC",
        "FILL_DELAY_MIN",
        "KAFKA_BROKER",
    ]


def test_the_two_ports_differ() -> None:
    assert "HTTP_PORT and HEALTH_PORT are both 8086" in problem(HTTP_PORT="8086")


@pytest.mark.parametrize("name", ["HTTP_PORT", "HEALTH_PORT"])
def test_the_gateway_has_a_port_of_its_own(name: str) -> None:
    same = {name: "9000", "FIX_PORT": "9000"}
    assert f"FIX_PORT and {name} are both 9000" in problem(FIX_SESSIONS="a.toml", **same)
    assert load(same).fix_port == 9000, "an engine has no gateway"


def test_files_of_tls_belong_together() -> None:
    needed = {"FIX_TLS_CERTIFICATE": "a.pem", "FIX_TLS_KEY": "b.pem"}
    for name, file in needed.items():
        assert "FIX_TLS_KEY belong together: set both" in problem(**{name: file})
    assert "FIX_TLS_CLIENT_CA is nothing without TLS" in problem(FIX_TLS_CLIENT_CA="c.pem")
    assert load({**needed, "FIX_TLS_CLIENT_CA": "c.pem"}).fix_tls_client_ca == "c.pem"


@pytest.mark.parametrize("prefix", ["FIX_TLS_", "OTEL_EXPORTER_OTLP_CLIENT_"])
@pytest.mark.parametrize("unread", ["CERTIFICATE", "KEY"])
def test_of_two_that_belong_together_one_that_can_not_be_read_is_there(
    prefix: str, unread: str
) -> None:
    given = {f"{prefix}{name}": "a.pem" for name in ("CERTIFICATE", "KEY")}
    given[f"{prefix}{unread}"] = "-----BEGIN"
    assert "give the path of a file" in problem(**given)


def test_the_three_topics_differ() -> None:
    sentence = problem(KAFKA_DLQ_TOPIC="fills")
    assert "KAFKA_FILLS_TOPIC fills, KAFKA_DLQ_TOPIC fills" in sentence


def test_the_shortest_delay_is_not_above_the_longest() -> None:
    assert "FILL_DELAY_MIN 5 is above FILL_DELAY_MAX 2" in problem(FILL_DELAY_MAX="2")
    assert load({"FILL_DELAY_MIN": "2", "FILL_DELAY_MAX": "2"}).fill_delay_max_seconds == 2


def test_a_value_that_cannot_be_read_contradicts_nothing() -> None:
    assert problem(HTTP_PORT="x", HEALTH_PORT="8085").startswith("HTTP_PORT is 'x'")
