"""When a message was created, for the histogram of latencies."""

from collections.abc import Iterable
from datetime import datetime
from math import isfinite

import msgspec


class _Payload(msgspec.Struct):
    camel: float | str | None = msgspec.field(default=None, name="createdAt")
    snake: float | str | None = msgspec.field(default=None, name="created_at")


_decoder = msgspec.json.Decoder(_Payload)


def creation_time(
    headers: Iterable[tuple[str, bytes | None]], value: bytes | None, timestamp_ms: int | None
) -> float | None:
    """Return the creation time in seconds since 1970, None when the message does not tell it.

    The first of these that can be read counts:

    1. the header `created_at`: a whole number of milliseconds, a decimal of seconds, or RFC 3339;
    2. the payload's `createdAt` or `created_at`: a number of milliseconds, or a text as above;
    3. the record's own timestamp in milliseconds.
    """
    for name, content in headers:
        if name == "created_at" and content is not None:
            seconds = _from_text(content.decode(errors="replace"))
            if seconds is not None:
                return seconds
    seconds = _from_payload(value)
    if seconds is not None:
        return seconds
    return None if timestamp_ms is None else timestamp_ms / 1000


def _from_text(text: str) -> float | None:
    try:
        return int(text) / 1000
    except OverflowError:
        return None
    except ValueError:
        pass
    try:
        seconds = float(text)
    except ValueError:
        return _from_rfc3339(text)
    return seconds if isfinite(seconds) else None


def _from_rfc3339(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        return None if moment.tzinfo is None else moment.timestamp()
    except (ValueError, OverflowError):
        return None


def _from_payload(value: bytes | None) -> float | None:
    if value is None or (b"createdAt" not in value and b"created_at" not in value):
        return None
    try:
        payload = _decoder.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    found = payload.camel if payload.camel is not None else payload.snake
    if isinstance(found, str):
        return _from_text(found)
    return None if found is None else found / 1000
