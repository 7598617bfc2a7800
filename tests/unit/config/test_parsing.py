"""What a variable's text may be, and what it becomes."""

import pytest

from fixengine.config import VARIABLES, load
from tests.unit.config.mistakes import problem

NAMES = {variable.name for variable in VARIABLES.values()}


@pytest.mark.parametrize("name", sorted(NAMES - {"POSTGRES_PASSWORD", "FILL_SEED", "FIX_PASSWORD"}))
@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_around_a_value_are_part_of_none(name: str, quote: str) -> None:
    assert f"{name} " in problem(**{name: f"{quote}x{quote}"})
    assert "leave out the quotes" in problem(**{name: f"{quote}x{quote}"})


def test_quotes_may_be_part_of_a_password_and_of_a_seed() -> None:
    settings = load({"POSTGRES_PASSWORD": "'x'", "FILL_SEED": '"x"'})
    assert (settings.postgres_password, settings.fill_seed) == ("'x'", '"x"')


def test_a_value_is_text() -> None:
    name = b"Z\xdcRI".decode(errors="surrogateescape")
    assert problem(POSTGRES_DBNAME=name).endswith(": give text in UTF-8")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("HTTP_PORT", "0"),
        ("HTTP_PORT", "65536"),
        ("HEALTH_PORT", "8_086"),
        ("HTTP_PREFIX", "fix-engine"),
        ("HTTP_PREFIX", "/"),
        ("HTTP_PREFIX", "/a//b"),
        ("HTTP_PREFIX", "/a b"),
        ("HTTP_PREFIX", "/a/../b"),
        ("HTTP_PREFIX", "/."),
        ("HEALTH_PORT", "٨٠٨٦"),
        ("LOG_LEVEL", "verbose"),
        ("LOG_FORMAT", "xml"),
        ("KAFKA_BROKERS", "kafka"),
        ("KAFKA_BROKERS", "kafka:9092,"),
        ("KAFKA_BROKERS", "kafka:0"),
        ("KAFKA_BROKERS", "kafka:70000"),
        ("KAFKA_ORDERS_TOPIC", "or/ders"),
        ("KAFKA_FILLS_TOPIC", ".."),
        ("KAFKA_DLQ_TOPIC", "x" * 250),
        ("KAFKA_REPLICATION_FACTOR", "0"),
        ("POSTGRES_SSLMODE", "on"),
        ("SECURITY_SVC_URL", "security:8000"),
        ("SECURITY_SVC_URL", "ftp://security"),
        ("PRICING_SVC_URL", "http://"),
        ("PRICING_SVC_URL", "http://host:99999"),
        ("PRICING_SVC_URL", "http://host#x"),
        ("PRICING_SVC_URL", "http://[host"),
        ("FILL_DELAY_FIRST", "-1"),
        ("FILL_DELAY_MIN", "nan"),
        ("FILL_DELAY_MAX", "inf"),
        ("FILL_DELAY_MAX", "86400"),
        ("FILL_DELAY_MAX", "24h"),
        ("ORDER_INTAKE_SLEEP", "5 ms"),
        ("ORDER_INTAKE_SLEEP", "5d"),
        ("ORDER_INTAKE_SLEEP", "ms"),
        ("ORDER_INTAKE_SLEEP", "10.1"),
        ("FILL_PROCESSING_INTERVAL", "1s2"),
        ("PUBLISH_EMPTY_FILLS", "maybe"),
        ("OTEL_METRICENDPOINT", "collector"),
        ("OTEL_TRACEENDPOINT", "grpc://collector:4317"),
        ("OTEL_METRICENDPOINT", "http://collector:4318/v1/metrics"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector"),
        ("OTEL_METRICINTERVAL", "0s"),
        ("OTEL_SDK_DISABLED", "maybe"),
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_TRACES_EXPORTER", "otlp,console"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=b, c"),
        ("OTEL_RESOURCE_ATTRIBUTES", "=b"),
    ],
)
def test_a_value_that_cannot_be_used_is_reported_with_its_variable(name: str, text: str) -> None:
    sentence = problem(**{name: text})
    assert sentence.startswith(f"{name} is {text!r}: give ")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("1.5", 1.5),
        ("86399.9", 86399.9),
        ("50ms", 0.05),
        ("1.5s", 1.5),
        (".5s", 0.5),
        ("2m", 120.0),
        ("1h2m", 3720.0),
        ("1m30.5s", 90.5),
        ("250us", 0.00025),
        ("250µs", 0.00025),
        ("1000000ns", 0.001),
    ],
)
def test_durations_are_seconds_or_as_go_writes_them(text: str, seconds: float) -> None:
    settings = load({"FILL_PROCESSING_INTERVAL": text})
    assert settings.fill_processing_interval_seconds == pytest.approx(seconds)


def test_a_pause_for_each_order_is_a_duration() -> None:
    assert load({"ORDER_INTAKE_SLEEP": "50ms"}).order_intake_sleep_seconds == 0.05
    assert load({"ORDER_INTAKE_SLEEP": "10s"}).order_intake_sleep_seconds == 10


@pytest.mark.parametrize("text", ["true", "1", "yes", "on", "TRUE"])
def test_yes_is_written_in_several_ways(text: str) -> None:
    assert load({"PUBLISH_EMPTY_FILLS": text}).publish_empty_fills is True


@pytest.mark.parametrize("text", ["false", "0", "no", "off"])
def test_no_is_written_in_several_ways(text: str) -> None:
    assert load({"OTEL_INSECURE": text}).otel_insecure is False


def test_levels_come_in_any_case_and_warn_is_warning() -> None:
    assert load({"LOG_LEVEL": "Debug"}).log_level == "debug"
    assert load({"LOG_LEVEL": "WARN"}).log_level == "warning"


def test_a_seed_is_any_text() -> None:
    assert load({"FILL_SEED": "42"}).fill_seed == "42"
