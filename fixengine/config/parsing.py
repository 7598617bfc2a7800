"""The text of one environment variable becomes a value, or a ValueError that says the remedy."""

import re
from collections.abc import Callable
from urllib.parse import unquote

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
_HEADER = re.compile(r"(?!grpc-)[a-z0-9_.-]+(?<!-bin)")
_TOKEN = re.compile(r"[!-~]{16,}")
_VISIBLE = re.compile(r"[ -~]*")


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


def token(text: str) -> str:
    """Parse a bearer token: visible ASCII characters, too many to be guessed."""
    if not _TOKEN.fullmatch(text):
        raise ValueError("give 16 or more letters, digits or other visible ASCII characters")
    return text


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


def attributes(text: str) -> tuple[tuple[str, str], ...]:
    """Parse `a=b, c=d`; a trailing comma is fine."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(name.strip() and equals for name, equals, _ in pairs):
        raise ValueError("give name=value, with commas between several")
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def without_file_marks(text: str) -> str:
    """Return a text without a byte order mark before it and the line break after it."""
    return text.removeprefix("\ufeff").strip("\r\n")
