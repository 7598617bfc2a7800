"""KAFKA_CLIENT_CONFIG: a user's own settings of librdkafka, and those that only the engine sets."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from fixengine.config.parsing import without_file_marks

Scalar = str | int | float | bool

OWN_CLIENT_SETTINGS = frozenset(
    {
        "acks",
        "allow.auto.create.topics",
        "auto.commit.enable",
        "auto.offset.reset",
        "bootstrap.servers",
        "client.id",
        "default.topic.config",
        "delivery.timeout.ms",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "delivery.report.only.error",
        "enable.idempotence",
        "enable.partition.eof",
        "enable.sparse.connections",
        "error_cb",
        "group.id",
        "group.protocol",
        "group.protocol.type",
        "group.remote.assignor",
        "isolation.level",
        "log_cb",
        "logger",
        "max.in.flight",
        "max.in.flight.requests.per.connection",
        "message.send.max.retries",
        "message.timeout.ms",
        "metadata.broker.list",
        "oauth_cb",
        "offset.store.method",
        "on_commit",
        "on_delivery",
        "partition.assignment.strategy",
        "partitioner",
        "request.required.acks",
        "retries",
        "statistics.interval.ms",
        "stats_cb",
        "test.mock.num.brokers",
        "throttle_cb",
        "topic.blacklist",
        "transactional.id",
    }
)
"""What the engine sets itself: its guarantees rest on them, or variables of their own name them."""


def parse(text: str) -> Mapping[str, Scalar]:
    """Parse a JSON object of librdkafka's settings, none of those the engine sets itself."""
    try:
        settings = msgspec.json.decode(text, type=dict[str, Scalar])
    except msgspec.MsgspecError as error:
        raise ValueError(f"give a JSON object of texts, numbers and booleans ({error})") from error
    if owned := sorted(OWN_CLIENT_SETTINGS & settings.keys()):
        raise ValueError(f"leave out {', '.join(owned)}: the engine sets that itself")
    return MappingProxyType({key: _sound(value) for key, value in settings.items()})


def _sound(value: Scalar) -> Scalar:
    """Return the value, without what a file adds to a text that is read from it."""
    if isinstance(value, str) and "-----BEGIN" not in value:
        return without_file_marks(value)
    return value
