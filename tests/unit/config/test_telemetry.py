"""Settings of telemetry: what OpenTelemetry defines is honoured, or refused by name."""

import pytest

from fixengine import __version__
from fixengine.config import describe, load
from fixengine.config.collector import Certificates, Collector
from fixengine.errors import ConfigError

ALL = "OTEL_EXPORTER_OTLP_ENDPOINT"


def problem(**environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(environment)
    (only,) = caught.value.problems
    return only


def collector(**environment: str) -> Collector | None:
    settings = load(environment)
    assert settings.metric_collector == settings.trace_collector
    return settings.metric_collector


def test_telemetry_settings() -> None:
    settings = load(
        {
            "OTEL_METRICENDPOINT": "node:4317",
            "OTEL_METRICINTERVAL": "30s",
            "OTEL_RESOURCE_ATTRIBUTES": "a=b, c = d=e,",
        }
    )
    assert settings.metric_collector == Collector(target="node:4317", tls=False)
    assert settings.trace_collector is None
    assert settings.otel_metric_interval_seconds == 30
    assert settings.otel_resource == {
        "a": "b",
        "c": "d=e",
        "service.version": __version__,
        "service.name": "globeco-fix-engine",
        "service.namespace": "globeco",
    }


def test_the_version_of_what_is_exported_can_be_another() -> None:
    settings = load({"OTEL_RESOURCE_ATTRIBUTES": "service.version=7"})
    assert settings.otel_resource["service.version"] == "7"


@pytest.mark.parametrize(
    ("endpoint", "target"),
    [
        ("fd00::1:4317", "[fd00::1]:4317"),
        ("::1:4317", "[::1]:4317"),
        ("fd00:0:0:0:0:0:0:1:4317", "[fd00:0:0:0:0:0:0:1]:4317"),
        ("::ffff:10.0.0.1:4317", "[::ffff:10.0.0.1]:4317"),
        ("fe80::1%eth0:4317", "[fe80::1%eth0]:4317"),
        ("[fd00::1]:4317", "[fd00::1]:4317"),
        ("http://fd00::1:4317", "[fd00::1]:4317"),
        ("http://[fd00::1]:4317/", "[fd00::1]:4317"),
        ("10.0.0.1:4317", "10.0.0.1:4317"),
    ],
)
def test_a_nodes_address_may_be_of_ipv6(endpoint: str, target: str) -> None:
    found = collector(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
    assert found is not None
    assert found.target == target


@pytest.mark.parametrize("endpoint", ["fd00::1", "::1", "fd00::1:", "[fd00::1]", "x::1:4317"])
def test_an_address_of_ipv6_needs_its_port(endpoint: str) -> None:
    assert "give host:port, such as" in problem(OTEL_METRICENDPOINT=endpoint)


def test_a_common_endpoint_takes_metrics_unless_they_have_their_own() -> None:
    common = load({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://all:4317"})
    assert common.metric_collector == Collector(target="all:4317", tls=False)
    assert common.trace_collector == common.metric_collector
    own = load({"OTEL_EXPORTER_OTLP_ENDPOINT": "all:4317", "OTEL_METRICENDPOINT": "mine:4317"})
    assert own.metric_collector == Collector(target="mine:4317", tls=False)


@pytest.mark.parametrize(
    ("endpoint", "insecure", "tls"),
    [
        ("c:4317", "", False),
        ("c:4317", "true", False),
        ("c:4317", "false", True),
        ("http://c:4317", "false", False),
        ("https://c:4317", "true", True),
        ("https://c", "", True),
    ],
)
def test_a_url_says_whether_there_is_tls_and_otherwise_the_setting_does(
    endpoint: str, insecure: str, tls: bool
) -> None:
    found = collector(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_INSECURE=insecure)
    assert found is not None
    assert found.tls is tls


def test_with_the_sdk_disabled_nothing_is_exported() -> None:
    assert collector(OTEL_SDK_DISABLED="True", OTEL_EXPORTER_OTLP_ENDPOINT="c:4317") is None
    assert collector(OTEL_SDK_DISABLED="false", OTEL_EXPORTER_OTLP_ENDPOINT="c:4317") is not None


def test_each_signal_is_exported_or_not() -> None:
    settings = load({"OTEL_METRICS_EXPORTER": "none", ALL: "c:4317"})
    assert settings.metric_collector is None
    assert settings.trace_collector is not None
    settings = load({"OTEL_TRACES_EXPORTER": "none", ALL: "c:4317", "OTEL_TRACEENDPOINT": "c:1"})
    assert settings.metric_collector is not None
    assert settings.trace_collector is None


@pytest.mark.parametrize(
    ("exporter", "endpoint"),
    [
        ("OTEL_METRICS_EXPORTER", "OTEL_METRICENDPOINT"),
        ("OTEL_TRACES_EXPORTER", "OTEL_TRACEENDPOINT"),
    ],
)
def test_an_exporter_that_is_asked_for_needs_a_collector(exporter: str, endpoint: str) -> None:
    assert problem(**{exporter: "otlp"}) == (
        f"{exporter} is otlp, and no collector is named: set {endpoint} or {ALL}"
    )
    load({exporter: "otlp", endpoint: "c:4317"})
    load({exporter: "otlp", ALL: "c:4317"})


def test_what_the_collector_wants_with_each_call_is_given_as_grpc_takes_it() -> None:
    found = collector(
        OTEL_EXPORTER_OTLP_ENDPOINT="c:4317",
        OTEL_EXPORTER_OTLP_HEADERS="Authorization=Basic%20YWJj=, x-tenant = fix",
        OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
        OTEL_EXPORTER_OTLP_PROTOCOL="grpc",
    )
    assert found == Collector(
        target="c:4317",
        tls=False,
        compressed=True,
        headers=(("authorization", "Basic YWJj="), ("x-tenant", "fix")),
    )


def test_headers_are_shown_to_nobody() -> None:
    settings = load({"OTEL_EXPORTER_OTLP_HEADERS": "token=hunter2"})
    assert "hunter2" not in repr(settings)
    assert dict(describe(settings))["OTEL_EXPORTER_OTLP_HEADERS"] == "***"


@pytest.mark.parametrize(("text", "seconds"), [("5000", 5), ("250", 0.25), ("5s", 5), ("1m", 60)])
def test_the_timeout_is_in_milliseconds_or_has_its_unit(text: str, seconds: float) -> None:
    found = collector(OTEL_EXPORTER_OTLP_ENDPOINT="c:4317", OTEL_EXPORTER_OTLP_TIMEOUT=text)
    assert found is not None
    assert found.timeout == pytest.approx(seconds)


def test_certificates_are_files_for_tls() -> None:
    files = {
        "OTEL_EXPORTER_OTLP_CERTIFICATE": "/ca.pem",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "/own.pem",
        "OTEL_EXPORTER_OTLP_CLIENT_KEY": "/own.key",
    }
    found = collector(**files, OTEL_EXPORTER_OTLP_ENDPOINT="https://c:4317")
    assert found is not None
    assert found.certificates == Certificates(trusted="/ca.pem", own="/own.pem", own_key="/own.key")
    assert problem(**files, OTEL_EXPORTER_OTLP_ENDPOINT="c:4317") == (
        f"{', '.join(files)} without TLS: write the endpoint with https://, or OTEL_INSECURE=false"
    )


@pytest.mark.parametrize("one", ["CERTIFICATE", "KEY"])
def test_a_client_has_a_certificate_and_its_key_or_neither(one: str) -> None:
    assert "set both" in problem(**{f"OTEL_EXPORTER_OTLP_CLIENT_{one}": "/own.pem"})


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("OTEL_EXPORTER_OTLP_INSECURE", "write OTEL_INSECURE"),
        ("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "write OTEL_INSECURE"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "write OTEL_METRICENDPOINT"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "write OTEL_TRACEENDPOINT"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "write OTEL_EXPORTER_OTLP_HEADERS"),
        ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "write OTEL_EXPORTER_OTLP_TIMEOUT"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "write OTEL_EXPORTER_OTLP_COMPRESSION"),
        ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", "write OTEL_EXPORTER_OTLP_CERTIFICATE"),
        ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "write OTEL_EXPORTER_OTLP_CLIENT_KEY"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "write OTEL_EXPORTER_OTLP_PROTOCOL"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "give cumulative"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "the log goes to standard error alone"),
        ("OTEL_LOGS_EXPORTER", "the log goes to standard error alone"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "the log goes to standard error alone"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "write OTEL_METRICINTERVAL"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "write OTEL_EXPORTER_OTLP_TIMEOUT"),
        ("OTEL_PROPAGATORS", "give tracecontext"),
        ("OTEL_LOG_LEVEL", "write LOG_LEVEL"),
        ("OTEL_BSP_SCHEDULE_DELAY", "remove it"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "remove it"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "remove it"),
        ("OTEL_METRICS_EXEMPLAR_FILTER", "remove it"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", "/metrics is on HTTP_PORT and HEALTH_PORT"),
        ("OTEL_EXPORTER_ZIPKIN_ENDPOINT", "remove it"),
        ("OTEL_CONFIG_FILE", "remove it"),
        ("OTEL_EXPERIMENTAL_CONFIG_FILE", "remove it"),
    ],
)
def test_what_opentelemetry_defines_and_the_engine_does_not_read_is_refused_by_name(
    name: str, remedy: str
) -> None:
    sentence = problem(**{name: "1"})
    assert sentence.startswith(f"{name} is not honoured: ")
    assert remedy in sentence
    assert load({name: ""}) == load({})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_PROPAGATORS", "tracecontext, baggage"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "CUMULATIVE"),
        ("OTEL_METRICS_EXEMPLAR_FILTER", "always_off"),
    ],
)
def test_a_wish_for_what_the_engine_does_anyway_is_granted(name: str, text: str) -> None:
    assert load({name: text}) == load({})
