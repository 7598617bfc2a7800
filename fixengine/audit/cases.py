"""Brings together what was sent, stored and published of one order, from streams in its order."""

import heapq
import re
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import msgspec

from fixengine.audit.evidence import Case, Source, Stored, key_of
from fixengine.audit.sorter import Item
from fixengine.infra.postgres.audit_pages import Row
from fixengine.ports.kafka import Record

_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]{0,9})")
_INT32 = 2**31
_OTHER_KEYS = b"\xff"  # behind all that are orders'
_NO_KEY = b"\xff\xff"
_SOME = 10_000

encode = msgspec.msgpack.Encoder().encode
_source = msgspec.msgpack.Decoder(Source).decode
_record = msgspec.msgpack.Decoder(Record).decode
_case = msgspec.msgpack.Decoder(Case).decode


def place_of(order_id: int) -> bytes:
    """Return what sorts orders as numbers are sorted."""
    return (order_id + _INT32).to_bytes(8)


def place_of_key(key: bytes | None) -> bytes:
    """Return the place of the order whose messages have this key, or one behind all orders."""
    if key is None:
        return _NO_KEY
    if _NUMBER.fullmatch(key) and key_of(int(key)) == key and -_INT32 <= int(key) < _INT32:
        return place_of(int(key))
    return _OTHER_KEYS + b"\x00" + key


def cases(
    sources: Iterable[Item], messages: Iterable[Item], rows: Iterable[Row]
) -> Iterator[tuple[bytes, Case]]:
    """Yield cases and their places; all streams are sorted by these."""
    stored = ((place_of(row[0].execution_service_id), row) for row in rows)
    streams = (sources, messages, stored)
    tagged = (_tagged(number, stream) for number, stream in enumerate(streams))
    for place, group in groupby(heapq.merge(*tagged, key=itemgetter(0)), itemgetter(0)):
        if place >= _OTHER_KEYS:
            yield from _cases_of_nobody(place, group)
            continue
        parts: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
        for _, number, what in group:
            parts[number].append(what)
        yield (
            place,
            Case(
                key=_key_at(place),
                sources=tuple(map(_source, parts[0])),
                messages=tuple(map(_record, parts[1])),
                stored=tuple(
                    Stored(
                        execution=execution,
                        fills=fills,
                        unpublished=unpublished,
                        changes=changes,
                        told=told,
                    )
                    for execution, fills, unpublished, changes, told in parts[2]
                ),
            ),
        )


def _cases_of_nobody(
    place: bytes, group: Iterable[tuple[bytes, int, Any]]
) -> Iterator[tuple[bytes, Case]]:
    """Yield messages whose key is no order's, some at a time: there may be more than have room."""
    messages = iter(group)
    while some := tuple(_record(what) for _, _, what in islice(messages, _SOME)):
        yield place, Case(key=_key_at(place), messages=some)


def with_newer(
    put_off: Iterable[Item], messages: Iterable[Item]
) -> Iterator[tuple[Case, tuple[Record, ...]]]:
    """Yield cases that were put off, each with the messages that have come since."""
    tagged = (_tagged(number, stream) for number, stream in enumerate((put_off, messages)))
    for _, group in groupby(heapq.merge(*tagged, key=itemgetter(0)), itemgetter(0)):
        parts: tuple[list[Any], list[Any]] = ([], [])
        for _, number, what in group:
            parts[number].append(what)
        for packed in parts[0]:
            yield _case(packed), tuple(map(_record, parts[1]))


def unpacked_record(packed: bytes) -> Record:
    """Return a record that was put aside."""
    return _record(packed)


def _tagged(number: int, stream: Iterable[tuple[bytes, Any]]) -> Iterator[tuple[bytes, int, Any]]:
    return ((place, number, what) for place, what in stream)


def _key_at(place: bytes) -> bytes | None:
    if place == _NO_KEY:
        return None
    if place.startswith(_OTHER_KEYS):
        return place[len(_OTHER_KEYS) + 1 :]
    return key_of(int.from_bytes(place) - _INT32)
