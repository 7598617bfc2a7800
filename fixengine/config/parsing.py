"""The text of one environment variable becomes a value, or a ValueError that says the remedy."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

import msgspec

from fixengine.config import conninfo
from fixengine.config.ipv6 import bracketed, is_ipv6

Scalar = str | int | float | bool

DAY = 86_400.0
"""Seconds; every duration is shorter."""

LONGEST_PAUSE = 10.0
"""Seconds that a consumer may be told to pause, and still keep its place in the group."""

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
_LEVELS = ("trace", "debug", "info", "success", "warning", "error", "critical")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_AMOUNT = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_STEP = re.compile(rf"({_AMOUNT})(ns|us|µs|μs|ms|s|m|h)")
_TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_NAMED = re.compile(r"[A-Za-z0-9._-]+")
_PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+/?")
_OWN_PATHS = frozenset(
    {"api", "blotter", "healthz", "metrics", "openapi.json", "readyz", "swagger-ui"}
)
_NUMBER = re.compile(r"[0-9]{1,5}")
_HEADER = re.compile(r"(?!grpc-)[a-z0-9_.-]+(?<!-bin)")
_VISIBLE = re.compile(r"[ -~]*")
_DSN = re.compile(r"postgres(?:ql)?://|\w+\s*=")

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


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers from `low` to `high`."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", text) or not low <= int(text) <= high:
            raise ValueError(f"give a whole number from {low} to {high}")
        return int(text)

    return parse


def one_of(*words: str) -> Callable[[str], str]:
    """Return a parser of a choice among lower-case words, in any case."""

    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"give one of {', '.join(words)}")
        return text.lower()

    return parse


def log_level(text: str) -> str:
    """Parse the name of a level, `warn` among them, in any case."""
    return one_of(*_LEVELS)("warning" if text.lower() == "warn" else text)


def boolean(text: str) -> bool:
    """Parse yes or no in its usual spellings."""
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError("give true or false")
    return text.lower() in _TRUE


def duration(text: str) -> float:
    """Parse seconds from 0 to below a day: `1.5`, or with units as Go writes them, `1h2m`."""
    steps = _STEP.findall(text)
    if re.fullmatch(_AMOUNT, text):
        seconds = float(text)
    elif steps and "".join(map("".join, steps)) == text:
        seconds = sum(float(amount) * _UNITS[unit] for amount, unit in steps)
    else:
        raise ValueError("give seconds such as 1.5, or a duration such as 50ms or 1h2m")
    if seconds >= DAY:
        raise ValueError("give less than a day")
    return seconds


def interval(text: str) -> float:
    """Parse a duration that is not 0."""
    seconds = duration(text)
    if not seconds:
        raise ValueError("give more than 0")
    return seconds


def pause(text: str) -> float:
    """Parse a duration of up to 10 seconds: a member that rests for longer loses its place."""
    seconds = duration(text)
    if seconds > LONGEST_PAUSE:
        raise ValueError("give 10s or less, the consumer group takes a longer silence for an end")
    return seconds


def share(text: str) -> float:
    """Parse a number from 0 to 1."""
    if not re.fullmatch(_AMOUNT, text) or float(text) > 1:
        raise ValueError("give a number from 0 to 1")
    return float(text)


def anything(text: str) -> str:
    """Take any text."""
    return text


def topic(text: str) -> str:
    """Parse a name that Kafka accepts for a topic."""
    if not _TOPIC.fullmatch(text) or text in {".", ".."}:
        raise ValueError("give at most 249 letters, digits, dots, underscores or hyphens")
    return text


def address(text: str) -> str:
    """Parse `host:port`; returns an IPv6 address in brackets, which need not be there before."""
    host, _, port = text.rpartition(":")
    if not _NUMBER.fullmatch(port) or not 0 < int(port) < 65536:
        raise ValueError("give host:port, such as kafka:9092 or [fd00::1]:9092")
    if _NAMED.fullmatch(host):
        return text
    if not is_ipv6(host.removeprefix("[").removesuffix("]")):
        raise ValueError("give host:port, such as kafka:9092 or [fd00::1]:9092")
    return bracketed(text)


def addresses(text: str) -> str:
    """Parse `host:port`, or several with commas between; returns them without spaces."""
    return ",".join(address(part.strip()) for part in text.split(","))


def url(text: str) -> str:
    """Parse the base of an http service's addresses; returns it without a slash at its end."""
    remedy = "give http://host:port, without user, query or fragment"
    scheme, separator, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    text = f"{scheme}{separator}{bracketed(authority)}{slash}{path}"
    try:
        parts = urlsplit(text)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError as error:
        raise ValueError(remedy) from error
    if not sound or "@" in parts.netloc or set("?# \t\r\n") & set(text):
        raise ValueError(remedy)
    return text.rstrip("/")


def prefix(text: str) -> str:
    """Parse the beginning of a path; returns it without a slash at its end."""
    if not _PREFIX.fullmatch(text):
        raise ValueError("give the beginning of a path, such as /fix-engine")
    if text.split("/")[1] in _OWN_PATHS:
        raise ValueError("give another beginning, for REST has paths of its own there")
    return text.rstrip("/")


def collector(text: str) -> str:
    """Parse where an OTLP collector listens: `host:port`, or the same as an http URL."""
    if "://" not in text:
        return address(text)
    parts = urlsplit(base := url(text))
    if parts.path or (parts.scheme == "http" and parts.port is None):
        raise ValueError("give host:port or http://host:port, without a path: OTLP goes over gRPC")
    return base


def protocol(text: str) -> str:
    """Parse OTLP's transport, of which there is one."""
    if text.lower() != "grpc":
        raise ValueError("give grpc, and the collector's port for it in the endpoint, mostly 4317")
    return text.lower()


def headers(text: str) -> tuple[tuple[str, str], ...]:
    """Parse `a=b,c=d` with values as in a URL, into what gRPC takes for metadata."""
    pairs = tuple((name.lower(), unquote(value)) for name, value in attributes(text))
    if not all(_HEADER.fullmatch(name) and _VISIBLE.fullmatch(value) for name, value in pairs):
        raise ValueError("give name=value, with commas between several, all of it in ASCII")
    return pairs


def milliseconds(text: str) -> float:
    """Parse a duration that is not 0; a bare number counts milliseconds too."""
    return interval(f"{text}ms" if re.fullmatch(_AMOUNT, text) else text) * 1000


def dsn(text: str) -> str:
    """Parse what looks like a connection string of PostgreSQL; libpq has the last word."""
    text = text.strip()
    if not _DSN.match(text):
        raise ValueError("give postgresql://user:password@host:port/dbname, or key=value pairs")
    text = conninfo.cleaned(text)
    conninfo.parts(text)
    return text


def host(text: str) -> str:
    """Parse the database's host, or several with commas between; IPv6 without brackets."""
    return ",".join(_host(part.strip()) for part in text.split(","))


def _host(text: str) -> str:
    alone = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if is_ipv6(alone):
        return alone
    # the path of a socket may have colons, as Cloud SQL's have
    if "@" in text[1:] or "=" in text or (":" in text and not text.startswith("/")):
        raise ValueError("give a host's name or address by itself, and its port in POSTGRES_PORT")
    return text


def name(text: str) -> str:
    """Take any name, but no address, connection string or password with it."""
    if ":" in text or "=" in text:
        raise ValueError("give a name by itself")
    return text


def file(text: str) -> str:
    """Take the path of a file, but not what is in it."""
    if "-----BEGIN" in text:
        raise ValueError("give the path of a file, not what is in it")
    return text


def client_config(text: str) -> Mapping[str, Scalar]:
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


def without_file_marks(text: str) -> str:
    """Return a text without a byte order mark before it and the line break after it."""
    return text.removeprefix("\ufeff").strip("\r\n")


def attributes(text: str) -> tuple[tuple[str, str], ...]:
    """Parse `a=b, c=d`; a trailing comma is fine."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(name.strip() and equals for name, equals, _ in pairs):
        raise ValueError("give name=value, with commas between several")
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)
