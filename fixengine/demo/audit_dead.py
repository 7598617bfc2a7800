"""The audit of the dead-letter topic: every bad record, byte for byte, and nothing else.

A letter that says so may have been shortened, to the beginning of its record.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from fixengine.demo.audit_fills import Findings
from fixengine.demo.feed import FedOrder
from fixengine.ports import Headers, Record

_SHORTENED = {"dlq.shortened", "dlq.digest", "dlq.shortened_key", "dlq.shortened_headers"}
_ADDED = {"dlq.reason", "dlq.topic", "dlq.partition", "dlq.offset", "dlq.failed_at"} | _SHORTENED
_Place = tuple[int, int]
_Content = tuple[bytes | None, bytes | None, Headers]


def dead_letter_problems(
    bad: Sequence[FedOrder], orders: Sequence[Record], dead_letters: Sequence[Record]
) -> Findings:
    """Compare the dead letters with the records they name, and those with what was fed."""
    sources = {(record.partition, record.offset): record for record in orders}
    places = [_place(record) for record in dead_letters]
    named = {place for place in places if place is not None}
    problems: list[str] = []
    for record, place in zip(dead_letters, places, strict=True):
        source = None if place is None else sources.get(place)
        name = f"dead letter {record.partition}/{record.offset}"
        problems += (f"{name} {problem}" for problem in _problems(record, source))
    buried = Counter(_content(sources[place]) for place in named if place in sources)
    wanted = Counter((order.key, order.value, order.headers) for order in bad)
    kinds = {(order.key, order.value, order.headers): order.kind for order in bad}
    problems += (
        f"a bad order ({kinds[content]}, key {content[0]!r}) is not on the dead-letter topic"
        for content in (wanted - buried).elements()
    )
    problems += (
        f"the order with key {content[0]!r} is on the dead-letter topic, but was not bad"
        for content in (buried - wanted).elements()
    )
    return Findings(
        repeated=sum(place is not None for place in places) - len(named), problems=tuple(problems)
    )


def _problems(record: Record, source: Record | None) -> Iterator[str]:
    if source is None:
        yield "does not say which record of the orders topic it was"
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


def _place(record: Record) -> _Place | None:
    said = dict(record.headers)
    partition, offset = said.get("dlq.partition") or b"", said.get("dlq.offset") or b""
    return (int(partition), int(offset)) if partition.isdigit() and offset.isdigit() else None


def _content(record: Record) -> _Content:
    return record.key, record.value, record.headers


def _original(headers: Headers) -> Headers:
    return tuple(header for header in headers if header[0] not in _ADDED)
