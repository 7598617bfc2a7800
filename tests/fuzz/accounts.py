"""The account of a run: every record stored or buried, once, and stored as it was meant.

Nothing of the engine's is used to read an order: the standard library's decoder is.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, NamedTuple

from fixengine.ports.kafka import Headers, Record
from tests.fuzz.hostile import Hostile

PARTITIONS = 20
_ADDED = {"dlq.reason", "dlq.topic", "dlq.partition", "dlq.offset", "dlq.failed_at"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Row(NamedTuple):
    """What the execution table has of an order."""

    execution_service_id: int
    trade_type: str
    destination: str
    security_id: str
    quantity_ordered: Decimal
    limit_price: Decimal | None
    received_timestamp: datetime
    trade_service_execution_id: int | None
    version: int


@dataclass(slots=True)
class Account:
    """What became of the records; `problems` is empty when all is well."""

    records: int = 0
    stored: int = 0
    buried: int = 0
    problems: list[str] = field(default_factory=list)


def place_of(number: int) -> tuple[int, int]:
    """Return the partition and offset of the record with that number, counted from 0."""
    return number % PARTITIONS, number // PARTITIONS


def draw_up(
    sent: Iterable[Hostile], letters: Iterable[Record], rows: Mapping[int, Row], *, topic: str
) -> Account:
    """Hold records that were sent, in their order, against letters and rows."""
    with _deep_recursion():
        return _drawn_up(sent, letters, rows, topic=topic)


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Read whatever nesting an engine took: its limit is the interpreter's, from another depth."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + 4_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _drawn_up(
    sent: Iterable[Hostile], letters: Iterable[Record], rows: Mapping[int, Row], *, topic: str
) -> Account:
    account = Account()
    buried = _buried(letters, topic, account.problems)
    stored: set[int] = set()
    explained: set[int] = set()
    for number, record in enumerate(sent):
        account.records += 1
        place = place_of(number)
        name = f"record {number} at {place[0]}/{place[1]}"
        letter = buried.pop(place, None)
        if letter is not None:
            account.buried += 1
            if letter != _digest(record.key, record.value, record.headers):
                account.problems.append(f"{name} is buried with other bytes")
            if record.stored is True:
                account.problems.append(f"{name} is good, but buried: {record.value!r:.300}")
            continue
        account.stored += 1
        if record.stored is False:
            account.problems.append(f"{name} is bad, but not buried: {record.value!r:.300}")
        order = _read(record.value)
        if order is None:
            account.problems.append(f"{name} is not buried, and no order: {record.value!r:.300}")
            continue
        stored.add(order.execution_service_id)
        if rows.get(order.execution_service_id) == order:
            explained.add(order.execution_service_id)
    account.problems += (f"a letter names no record that was sent: {place}" for place in buried)
    account.problems += (f"order {key} has no row" for key in sorted(stored - rows.keys()))
    account.problems += (
        f"row {rows[key]} is of no order" for key in sorted(rows.keys() - explained)
    )
    return account


def _buried(
    letters: Iterable[Record], topic: str, problems: list[str]
) -> dict[tuple[int, int], bytes]:
    buried: dict[tuple[int, int], bytes] = {}
    for letter in letters:
        said = dict(letter.headers[-len(_ADDED) :])
        if said.keys() != _ADDED or not all(said.values()) or said["dlq.topic"] != topic.encode():
            problems.append(f"letter {letter.offset} does not say where it comes from: {said}")
            continue
        place = int(said["dlq.partition"] or b""), int(said["dlq.offset"] or b"")
        digest = _digest(letter.key, letter.value, letter.headers)
        if buried.setdefault(place, digest) != digest:
            problems.append(f"record {place} is buried twice, with other bytes")
    return buried


def _digest(key: bytes | None, value: bytes | None, headers: Headers) -> bytes:
    # names are C strings to librdkafka: it knows them up to a null byte
    own = tuple((name.split("\0")[0], said) for name, said in headers if name not in _ADDED)
    return sha256(repr((key, own)).encode() + b"|" + (value or repr(value).encode())).digest()


def _read(value: bytes | None) -> Row | None:
    """Read what the engine took for an order; None when it can't be one."""
    try:
        fields = json.loads(
            (value or b"").decode(errors="replace"),
            parse_float=_number,
            parse_int=Decimal,
            parse_constant=_refuse,
            strict=False,
        )
        return _row(fields)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return None


def _number(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except InvalidOperation:  # beyond any exponent, where nobody may look
        return text


def _refuse(text: str) -> None:
    raise ValueError(text)


def _row(fields: dict[str, Any]) -> Row:
    limit, execution = fields.get("limitPrice"), fields.get("tradeServiceExecutionId")
    return Row(
        execution_service_id=_whole(fields["id"]),
        trade_type=fields["tradeType"],
        destination=fields["destination"],
        security_id=(fields.get("securityId") or fields["security"]["securityId"]).lower(),
        quantity_ordered=_decimal(fields["quantity"]),
        limit_price=None if limit is None or abs(_decimal(limit)) < Decimal("0.0001") else limit,
        received_timestamp=_moment(fields["receivedTimestamp"]),
        trade_service_execution_id=None if execution is None else _whole(execution),
        version=1 if fields.get("version") is None else _whole(fields["version"]),
    )


def _decimal(number: object) -> Decimal:
    if not isinstance(number, Decimal):
        raise TypeError("no number")
    return number


def _whole(number: object) -> int:
    if _decimal(number) != int(_decimal(number)):
        raise ValueError("no whole number")
    return int(_decimal(number))


def _moment(received: object) -> datetime:
    if isinstance(received, str):
        return datetime.fromisoformat(received)
    return _EPOCH + timedelta(microseconds=int(_decimal(received) * 10**6))
