"""Settings from the environment."""

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.config import VARIABLES, Settings, describe, load, notes
from fixengine.errors import ConfigError

DEFAULTS = {
    "HTTP_PORT": "8085",
    "HTTP_PREFIX": "(unset)",
    "HEALTH_PORT": "8086",
    "LOG_LEVEL": "info",
    "LOG_FORMAT": "json",
    "KAFKA_BROKERS": "globeco-execution-service-kafka:9092",
    "KAFKA_ORDERS_TOPIC": "orders",
    "KAFKA_FILLS_TOPIC": "fills",
    "KAFKA_DLQ_TOPIC": "orders.dlq",
    "KAFKA_CONSUMER_GROUP": "fix_engine",
    "KAFKA_REPLICATION_FACTOR": "1",
    "KAFKA_CLIENT_CONFIG": "{}",
    "POSTGRES_DSN": "(unset)",
    "POSTGRES_HOST": "globeco-fix-engine-postgresql",
    "POSTGRES_PORT": "5432",
    "POSTGRES_USER": "postgres",
    "POSTGRES_PASSWORD": "(unset)",
    "POSTGRES_DBNAME": "postgres",
    "POSTGRES_SSLMODE": "disable",
    "SECURITY_SVC_URL": "http://globeco-security-service:8000",
    "PRICING_SVC_URL": "http://globeco-pricing-service:8083",
    "FILL_DELAY_FIRST": "1",
    "FILL_DELAY_MIN": "5",
    "FILL_DELAY_MAX": "120",
    "FILL_SEED": "(unset)",
    "PUBLISH_EMPTY_FILLS": "false",
    "ORDER_INTAKE_SLEEP": "0",
    "FILL_PROCESSING_INTERVAL": "(unset)",
    "RETENTION_DAYS": "(unset)",
    "OTEL_TRACEENDPOINT": "(unset)",
    "OTEL_METRICENDPOINT": "(unset)",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "(unset)",
    "OTEL_METRICINTERVAL": "15",
    "OTEL_TRACES_SAMPLER": "parentbased_always_on",
    "OTEL_TRACES_SAMPLER_ARG": "1",
    "OTEL_INSECURE": "true",
    "OTEL_SERVICE_NAME": "globeco-fix-engine",
    "OTEL_SERVICE_NAMESPACE": "globeco",
    "OTEL_RESOURCE_ATTRIBUTES": "(unset)",
    "OTEL_SDK_DISABLED": "false",
    "OTEL_METRICS_EXPORTER": "(unset)",
    "OTEL_TRACES_EXPORTER": "(unset)",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    "OTEL_EXPORTER_OTLP_HEADERS": "(unset)",
    "OTEL_EXPORTER_OTLP_TIMEOUT": "(unset)",
    "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
    "OTEL_EXPORTER_OTLP_CERTIFICATE": "(unset)",
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "(unset)",
    "OTEL_EXPORTER_OTLP_CLIENT_KEY": "(unset)",
}


def problems(**environment: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(environment)
    return caught.value.problems


def problem(**environment: str) -> str:
    (only,) = problems(**environment)
    return only


def shown(settings: Settings, name: str) -> str:
    return dict(describe(settings))[name]


def test_an_empty_environment_gives_the_defaults() -> None:
    assert dict(describe(load({}))) == DEFAULTS


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


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_empty_value_counts_as_unset(name: str) -> None:
    assert load({name: ""}) == load({})


def test_blanks_around_a_value_are_ignored_but_belong_to_a_password() -> None:
    settings = load({"HTTP_PORT": " 80\n", "POSTGRES_PASSWORD": " x "})
    assert settings.http_port == 80
    assert settings.postgres_password == " x "


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_break_after_a_password_is_that_of_its_file(end: str) -> None:
    assert load({"POSTGRES_PASSWORD": f"x {end}"}).postgres_password == "x "


@pytest.mark.parametrize("name", sorted(DEFAULTS.keys() - {"POSTGRES_PASSWORD", "FILL_SEED"}))
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


def test_a_seed_is_any_text() -> None:
    assert load({"FILL_SEED": "42"}).fill_seed == "42"


def test_the_two_ports_differ() -> None:
    assert "HTTP_PORT and HEALTH_PORT are both 8086" in problem(HTTP_PORT="8086")


def test_the_three_topics_differ() -> None:
    sentence = problem(KAFKA_DLQ_TOPIC="fills")
    assert "KAFKA_FILLS_TOPIC fills, KAFKA_DLQ_TOPIC fills" in sentence


def test_the_shortest_delay_is_not_above_the_longest() -> None:
    assert "FILL_DELAY_MIN 5 is above FILL_DELAY_MAX 2" in problem(FILL_DELAY_MAX="2")
    assert load({"FILL_DELAY_MIN": "2", "FILL_DELAY_MAX": "2"}).fill_delay_max_seconds == 2


def test_a_value_that_cannot_be_read_contradicts_nothing() -> None:
    assert problem(HTTP_PORT="x", HEALTH_PORT="8085").startswith("HTTP_PORT is 'x'")


def test_a_dsn_is_taken_as_it_is() -> None:
    dsn = "postgresql://u:p@h/d"
    assert load({"POSTGRES_DSN": f"{dsn}\n"}).postgres_dsn == dsn


def test_without_a_dsn_it_is_made_of_the_parts() -> None:
    parts = load({"POSTGRES_HOST": "h", "POSTGRES_PASSWORD": r"it's \ here"})
    assert parts.postgres_dsn == (
        r"host='h' port='5432' user='postgres' password='it\'s \\ here' "
        "dbname='postgres' sslmode='disable'"
    )
    assert "password" not in load({}).postgres_dsn


def test_a_dsn_beside_parts_is_a_mistake_that_names_them() -> None:
    sentence = problem(POSTGRES_DSN="postgresql://h/d", POSTGRES_HOST="h", POSTGRES_PASSWORD="x")
    assert "POSTGRES_DSN is set beside POSTGRES_HOST, POSTGRES_PASSWORD" in sentence


def test_parts_are_described_as_overruled_by_a_dsn() -> None:
    settings = load({"POSTGRES_DSN": "postgresql://h/d"})
    assert shown(settings, "POSTGRES_HOST") == "(in POSTGRES_DSN)"


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


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("KAFKA_BROKER", "KAFKA_BROKERS"),
        ("FILL_DELAYMIN", "FILL_DELAY_MIN"),
        ("POSTGRES_SSL_MODE", "POSTGRES_SSLMODE"),
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
        ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "token=hunter2 ü"),
    ],
)
def test_a_mistake_never_shows_a_secret(name: str, text: str) -> None:
    sentence = problem(**{name: text})
    assert sentence.startswith(name)
    assert "hunter2" not in sentence


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://u:Pa@hunter2@host/db",
        "postgresql://me@corp:hunter2@host",
        "postgresql://u:Pa/hunter2@host/db",
        "postgresql://u:12/hunter2@host/db",
        "postgresql://u:Pa?hunter2@host/db",
        "postgresql://h?password=Pa@hunter2",
        "postgresql://u:Pa?ssl=hunter2@host/db",
        "postgresql://u:hunter2%@host/db",
        "postgresql://u:hunter2%zz@host/db",
        "postgresql://u:hunter2%00@host/db",
        "postgresql://u:hunter2%fc@host/db",
        "postgresql://host/db?password=hunter2%fc",
        "postgresql://u:hunter2 and more@host/db",
        "postgresql://h/db?password=hunter2=x",
        "postgresql://h/db?password=x&hunter2",
        "postgresql://a:hunter2@h,b:hunter2@h/db",
    ],
)
def test_a_dsn_that_needs_percent_encoding_is_refused_in_a_line_that_says_so(dsn: str) -> None:
    sentence = problem(POSTGRES_DSN=dsn)
    assert sentence.startswith("POSTGRES_DSN has a value (not shown) that can't be used: ")
    assert "percent-encoded: % is written %25, @ %40" in sentence
    assert "hunter2" not in sentence


@pytest.mark.parametrize("dsn", ["host=h password=it's hunter2", "host=h password='hunter2"])
def test_a_dsn_that_needs_quotes_is_refused_in_a_line_that_says_so(dsn: str) -> None:
    sentence = problem(POSTGRES_DSN=dsn)
    assert "written in single quotes" in sentence
    assert "hunter2" not in sentence


@pytest.mark.parametrize(
    "dsn",
    [
        "host=h dbname=postgresql://u:hunter2@h/d",
        "host=h user=postgresql://u:hunter2@h/d",
        "host=h dbname=postgresql://h/d?password=hunter2",
        "postgresql://h/d?dbname=postgresql%3A%2F%2Fu%3Ahunter2%40h%2Fd",
    ],
)
def test_an_address_in_the_place_of_a_name_is_refused(dsn: str) -> None:
    sentence = problem(POSTGRES_DSN=dsn)
    assert "not as a whole address" in sentence
    assert "hunter2" not in sentence


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


def test_an_attribute_that_is_called_a_secret_is_not_described() -> None:
    settings = load({"OTEL_RESOURCE_ATTRIBUTES": "k8s.pod.ip=10.0.0.7, api.token=hunter2"})
    assert shown(settings, "OTEL_RESOURCE_ATTRIBUTES") == "k8s.pod.ip=10.0.0.7, api.token=***"


def test_what_is_no_secret_of_the_broker_is_described() -> None:
    config = {
        "security.protocol": "SASL_SSL",
        "sasl.username": "me",
        "ssl.key.location": "/key.pem",
        "sasl.oauthbearer.token.endpoint.url": "https://idp/token",
    }
    settings = load({"KAFKA_CLIENT_CONFIG": json.dumps(config)})
    assert shown(settings, "KAFKA_CLIENT_CONFIG") == json.dumps(config)


MARKED = {
    "POSTGRES_PASSWORD": "hunter2",
    "POSTGRES_DSN": "postgresql://u:hunter2@h/d",
    "KAFKA_CLIENT_CONFIG": '{"sasl.password": "hunter2"}',
}


@pytest.mark.parametrize("name", MARKED)
@pytest.mark.parametrize(
    "mark", ["{}\n", "{}\r\n", "{}\n\n", "\ufeff{}", "\ufeff{}\r\n"], ids=ascii
)
def test_what_a_file_adds_to_a_secret_is_left_out_with_a_note(name: str, mark: str) -> None:
    marked = mark.format("hunter2")
    if name == "KAFKA_CLIENT_CONFIG":
        marked = json.dumps(marked)[1:-1]
    environment = {name: MARKED[name].replace("hunter2", marked)}
    assert load(environment) == load({name: MARKED[name]})
    (note,) = notes(environment)
    assert note.startswith(f"{name} holds what belongs to a file, a line break")
    assert "hunter2" not in note
    assert [*notes({name: MARKED[name]})] == []


@pytest.mark.parametrize(
    ("dsn", "taken"),
    [
        ("postgresql://u:x%0A@h/d", "postgresql://u:x@h/d"),
        ("postgresql://u:x%0d%0a@h\n/d\n", "postgresql://u:x@h/d"),
        ("host=h password='x\n' dbname=d", "host=h password='x' dbname=d"),
        ("host=h password=x\ndbname=d", "host=h password=x\ndbname=d"),
        (
            "postgresql://h/d?password=x\n&sslmode=require\n",
            "postgresql://h/d?password=x&sslmode=require",
        ),
    ],
)
def test_a_dsn_loses_what_the_files_added_that_its_parts_were_read_from(
    dsn: str, taken: str
) -> None:
    assert load({"POSTGRES_DSN": dsn}).dsn == taken


def test_the_line_break_of_a_file_is_left_out_of_a_brokers_user_too() -> None:
    environment = {"KAFKA_CLIENT_CONFIG": json.dumps({"sasl.username": "me\n"})}
    assert load(environment).kafka_client_config == {"sasl.username": "me"}
    assert len([*notes(environment)]) == 1


def test_the_password_that_libpq_reads_by_itself_is_refused_with_a_line_break() -> None:
    assert "PGPASSWORD holds the line break of a file" in problem(PGPASSWORD="hunter2\n")
    assert "hunter2" not in problem(PGPASSWORD="hunter2\n")
    assert load({"PGPASSWORD": "hunter2"}) == load({})


def test_hosts_of_ipv6_in_a_dsn_get_their_brackets() -> None:
    dsn = "postgresql://u:x@fd00::1:5432,[fd00::2]:5432,h:1/d"
    assert load({"POSTGRES_DSN": dsn}).dsn == dsn.replace("fd00::1", "[fd00::1]")


PEM = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"


def test_a_key_in_the_place_of_its_file_is_not_described() -> None:
    config = json.dumps({"ssl.key.location": PEM})
    settings = load({"KAFKA_CLIENT_CONFIG": config, "POSTGRES_DSN": f"host=h sslkey='{PEM}'"})
    assert "hunter2" not in str(describe(settings))


def test_a_key_in_pem_keeps_its_last_line_break() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"
    environment = {"KAFKA_CLIENT_CONFIG": json.dumps({"ssl.key.pem": pem})}
    assert load(environment).kafka_client_config == {"ssl.key.pem": pem}
    assert [*notes(environment)] == []


@pytest.mark.parametrize(
    ("dsn", "masked"),
    [
        ("postgresql://u:hunter2@h:1/d", "postgresql://u:***@h:1/d"),
        (
            "postgres://u:hunt%40er2@h/d?application_name=x",
            "postgres://u:***@h/d?application_name=x",
        ),
        (
            "postgresql://h/d?oauth_client_secret=hunter2",
            "postgresql://h/d?oauth_client_secret=***",
        ),
        ("postgresql://h/d?sslpassword=hunter2", "postgresql://h/d?sslpassword=***"),
        ("postgresql://h/d?scram_client_key=hunter2", "postgresql://h/d?scram_client_key=***"),
        ("host=h oauth_client_secret='hunter2 x'", "host=h oauth_client_secret=***"),
        ("postgresql://:hunter2@/d", "postgresql://:***@/d"),
        ("postgresql://u:hunter2@[fd00::1]:1,b:2/d", "postgresql://u:***@[fd00::1]:1,b:2/d"),
        (
            "postgresql://h/d?user=me@corp&password=hunter2",
            "postgresql://h/d?user=me@corp&password=***",
        ),
        ("host=h options='-c app.token=hunter2'", "host=h options=***"),
        ("postgresql://h/d?options=-c%20app.secret%3Dhunter2", "postgresql://h/d?options=***"),
        ("host=h password=a password=hunter2", "host=h password=*** password=***"),
        ("postgresql://h/d?password=hunter2&sslmode=x", "postgresql://h/d?password=***&sslmode=x"),
        ("host=h password=hunter2 dbname=d", "host=h password=*** dbname=d"),
        (r"password = 'hunter2 \' hunter2' host=h", "password = *** host=h"),
        (r"host=h password=hunter2\ hunter2", "host=h password=***"),
    ],
)
def test_a_dsn_is_described_without_its_password(dsn: str, masked: str) -> None:
    settings = load({"POSTGRES_DSN": dsn})
    assert shown(settings, "POSTGRES_DSN") == masked
    assert "hunter2" not in repr(settings)


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
