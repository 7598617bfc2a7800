"""The audit of a dead letter: its record, byte for byte, and where that was.

A letter that says so may have been shortened, to the beginning of its record.
"""

from collections.abc import Iterator

from fixengine.ports.kafka import Headers, Record
from fixengine.wire.letters import Place

_SHORTENED = {"dlq.shortened", "dlq.digest", "dlq.shortened_key", "dlq.shortened_headers"}
_ADDED = {"dlq.reason", "dlq.topic", "dlq.partition", "dlq.offset", "dlq.failed_at"} | _SHORTENED
_LONGEST = 18  # digits that fit an int64


def letter_problems(record: Record, source: Record | None) -> Iterator[str]:
    """Yield what is wrong with a letter, given the record at the place that it names."""
    name = f"dead letter {record.partition}/{record.offset}"
    yield from (f"{name} {problem}" for problem in _problems(record, source))


def named_place(record: Record) -> Place | None:
    """Return which record of the orders topic a letter names, None where it names none."""
    said = dict(record.headers)
    partition, offset = said.get("dlq.partition") or b"", said.get("dlq.offset") or b""
    if not all(part.isdigit() and len(part) <= _LONGEST for part in (partition, offset)):
        return None
    return Place(int(partition), int(offset))


def _problems(record: Record, source: Record | None) -> Iterator[str]:
    if source is None:
        place = named_place(record)
        if place is None:
            yield "does not say which record of the orders topic it was"
        else:
            yield f"says that it was the record {place} of the orders topic, where none is"
        return
    said = dict(record.headers)
    if _SHORTENED & said.keys():
        yield from _problems_of_a_part(record, source)
    else:
        if (record.key, record.value) != (source.key, source.value):
            yield "has another key or value than the order it names"
        if _original(record.headers) != _original(source.headers):
            yield "lacks headers of the order it names, or has others"
    if said.get("dlq.topic") != source.topic.encode():
        yield f"has the header dlq.topic {said.get('dlq.topic')!r}"
    for name in ("dlq.reason", "dlq.failed_at"):
        if not said.get(name):
            yield f"has no header {name}"


def _problems_of_a_part(record: Record, source: Record) -> Iterator[str]:
    said = dict(record.headers)
    value, key, headers = source.value or b"", source.key or b"", _original(source.headers)
    kept_headers = _original(record.headers)
    if not value.startswith(record.value or b"") or said.get("dlq.shortened") != _length(value):
        yield "is not the beginning of the order it names, or has another length in a header"
    if record.key != source.key and (
        not key.startswith(record.key or b"") or said.get("dlq.shortened_key") != _length(key)
    ):
        yield "has not the beginning of the key of the order it names, or does not say so"
    if kept_headers != headers and (
        headers[: len(kept_headers)] != kept_headers
        or said.get("dlq.shortened_headers") != _length(source.headers)
    ):
        yield "has not the first headers of the order it names, or does not say so"
    if (record.key, record.value, kept_headers) == (source.key, source.value, headers):
        yield "says that it was shortened, and was not"


def _length(whole: bytes | Headers) -> bytes:
    return str(len(whole)).encode()


def _original(headers: Headers) -> Headers:
    return tuple(header for header in headers if header[0] not in _ADDED)
