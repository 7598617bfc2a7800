"""Records that are too large for the dead-letter topic: the part that is kept, and headers for it.

The whole record stays where it was read. The part is for people to look at.
"""

from dataclasses import dataclass
from hashlib import blake2b

from msgspec.structs import replace

from fixengine.ports.kafka import Headers, Record

SHORTENED = "dlq.shortened"
SHORTENED_KEY = "dlq.shortened_key"
SHORTENED_HEADERS = "dlq.shortened_headers"
DIGEST = "dlq.digest"

_ROOMS = (512 * 1024, 64 * 1024, 8 * 1024, 1024, 256, 0)
"""How many bytes of a record are tried, one after the other, until a broker takes them."""

_KEY_SHARE, _HEADERS_SHARE = 8, 4
"""The key may take an eighth of these bytes, and the headers a quarter."""

_OF_A_HEADER = 8
"""Bytes that a header needs beside its name and its content, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What tells a record from others: bytes of value and key, number of headers, and a digest."""

    value: int
    key: int
    headers: int
    digest: str


def measures(record: Record) -> Measures:
    """Measure a record. An absent key or value counts as empty."""
    return Measures(
        value=len(record.value or b""),
        key=len(record.key or b""),
        headers=len(record.headers),
        digest=_digest(record),
    )


def size(record: Record) -> int:
    """Return about how many bytes a record takes."""
    parts = (len(record.value or b""), len(record.key or b""), *map(_length, record.headers))
    return sum(parts)


def next_room(record: Record, room: int | None) -> int | None:
    """Return how many bytes of a record are to be tried next; None when all were tried.

    `room` is how many were refused, None for the whole record.
    """
    refused = size(record) if room is None else room
    return next((smaller for smaller in _ROOMS if smaller < refused), None)


def shorten(record: Record, room: int) -> Record:
    """Return the record with the first bytes of value and key, and its first headers.

    A header is kept whole or not at all. The value has what the others leave of the room.
    """
    key = None if record.key is None else record.key[: room // _KEY_SHARE]
    headers = _first(record.headers, room // _HEADERS_SHARE)
    left = room - len(key or b"") - sum(map(_length, headers))
    value = None if record.value is None else record.value[: max(left, 0)]
    return replace(record, key=key, value=value, headers=headers)


def marks(record: Record, original: Measures) -> Headers:
    """Return headers that tell of the original. It is empty when nothing was cut off."""
    kept = measures(record)
    if kept == original:
        return ()
    told: list[tuple[str, bytes | None]] = [
        (SHORTENED, str(original.value).encode()),
        (DIGEST, original.digest.encode()),
    ]
    if kept.key < original.key:
        told.append((SHORTENED_KEY, str(original.key).encode()))
    if kept.headers < original.headers:
        told.append((SHORTENED_HEADERS, str(original.headers).encode()))
    return tuple(told)


def _digest(record: Record) -> str:
    found = blake2b(digest_size=8)
    for part in (record.key or b"", record.value or b""):
        found.update(b"%d:" % len(part))
        found.update(part)
    return found.hexdigest()


def _first(headers: Headers, room: int) -> Headers:
    kept: list[tuple[str, bytes | None]] = []
    for header in headers:
        room -= _length(header)
        if room < 0:
            break
        kept.append(header)
    return tuple(kept)


def _length(header: tuple[str, bytes | None]) -> int:
    name, content = header
    return len(name.encode()) + len(content or b"") + _OF_A_HEADER
