"""What only the drivers can say about settings, asked before anything is started."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer

from fixengine.config.collector import Collector
from fixengine.infra.kafka.consumer.source import SETTINGS
from fixengine.infra.kafka.producer.settings import producer_settings
from fixengine.infra.postgres.driver.dsn import refusal, set_otherwise
from fixengine.infra.postgres.driver.sessions import OWNED

_TO_EXPORT = ("h2", "opentelemetry")


def setting_problems(
    *, dsn: str, client_config: Mapping[str, object], collector: Collector | None
) -> Iterator[str]:
    """Yield a sentence, naming the variable, for each setting that its driver refuses."""
    if reason := refusal(dsn):
        yield f"POSTGRES_DSN can't be used: {reason}: give a libpq connection string or URL"
    elif owned := [*set_otherwise(dsn, settings=OWNED)]:
        yield f"POSTGRES_DSN sets {', '.join(owned)}: leave that out, the engine sets it itself"
    try:
        Consumer({**SETTINGS, **client_config, "group.id": "check", "log_level": 0}).close()
        Producer(producer_settings({**client_config, "log_level": 0})).purge()
    except KafkaException as error:
        yield f"KAFKA_CLIENT_CONFIG can't be used: {error.args[0].str()}"
    if collector is not None:
        yield from _collector_problems(collector)


def _collector_problems(collector: Collector) -> Iterator[str]:
    missing = [name for name in _TO_EXPORT if find_spec(name) is None]
    if missing:
        yield (
            "OTEL_METRICENDPOINT, OTEL_TRACEENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT needs packages "
            f"that are not installed ({', '.join(missing)}): pip install 'fixengine[otlp]'"
        )
    for name, file in (
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", collector.certificates.trusted),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", collector.certificates.own),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", collector.certificates.own_key),
    ):
        try:
            if file is not None and b"-----BEGIN " not in Path(file).read_bytes():
                yield f"{name} is {file!r}, which is not in PEM: give a file that is"
        except OSError as error:
            yield f"{name} is {file!r}, which can't be read ({error.strerror}): give a file in PEM"
