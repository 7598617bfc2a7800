"""The audit of the topic `fills`: every announced fill, in order, to the digit."""

import heapq
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import groupby
from operator import itemgetter

from fixengine.audit.changes import Changes, status_of
from fixengine.audit.evidence import Stored
from fixengine.audit.ledger import shown
from fixengine.audit.terms import Horizon
from fixengine.audit.verdict import Kind
from fixengine.ports.kafka import Record
from fixengine.rules.values import Execution, LedgerEntry

_EXACT = Context(prec=80)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 18  # digits of a number
_LATEST_SECOND = 2**38


_Number = bytes
"""A JSON number as it is written: bytes, for texts are none."""

_Message = tuple[bytes | None, dict[str, object]]
"""What a record has, as it is and decoded."""

_decoder = json.JSONDecoder(parse_int=str.encode, parse_float=str.encode)


def announcement_problems(
    stored: Stored, records: Sequence[Record], horizon: Horizon
) -> Iterator[tuple[Kind, str]]:
    """Yield what is wrong with an execution's messages; a fill in the outbox may have none yet.

    Messages on several partitions have an order on each, and none between them.
    """
    row, changes = stored.execution, Changes(stored.execution, stored.changes)
    fills = [fill for fill in stored.fills if fill.announced]
    distinct = _merged(_in_order_of_each_partition(records))
    told = [_number_of_fills(body) for _, body in distinct]
    due = _due(fills, told, horizon)
    if told != due and told != [number for number in due if number != stored.unpublished]:
        yield (
            Kind.FILLS,
            f"the messages on the topic are of fills {shown(told)}, announced are {shown(due)}",
        )
    by_number = {fill.number: fill for fill in fills}
    for number, (_, body) in zip(told, distinct, strict=True):
        fill = by_number.get(number or 0)
        if fill is not None:
            for problem in _message_problems(number, body, _message(row, changes, fill)):
                yield Kind.MESSAGE, problem
    is_of_row = told and fills and told[-1] == row.number_of_fills
    if is_of_row and distinct[-1][1] != _last(row, changes):
        yield Kind.MESSAGE, "its last message differs from its row"


def is_complete(stored: Stored, records: Sequence[Record], horizon: Horizon) -> bool:
    """Say whether the last fill that must have been published is among the messages."""
    fills = [fill for fill in stored.fills if fill.announced]
    published = [fill for fill in fills if fill.number != stored.unpublished]
    if not published:
        return True
    if any(number_of_fills(record) == published[-1].number for record in reversed(records)):
        return True
    told = [number_of_fills(record) for record in records]
    return not [number for number in _due(fills, told, horizon) if number != stored.unpublished]


def number_of_fills(record: Record) -> int | None:
    """Return which fill a message says it is of, None where it does not say."""
    return _number_of_fills(_decoded(record.value))


def received(record: Record) -> datetime | None:
    """Return when the order of a message was received, None where it does not say."""
    moment = _decoded(record.value).get("receivedTimestamp")
    if not isinstance(moment, _Number):
        return None
    try:
        seconds = Decimal(moment.decode())
        if abs(seconds) >= _LATEST_SECOND:  # a thousand million digits take hours
            return None
        return _EPOCH + timedelta(microseconds=int(seconds.scaleb(6)))
    except ArithmeticError:
        return None


def are_spread(records: Sequence[Record]) -> bool:
    """Say whether messages are on more than one partition."""
    return len({record.partition for record in records}) > 1


def repeats(records: Sequence[Record]) -> int:
    """Return how many messages repeat an earlier one."""
    return len(records) - len({record.value for record in records})


def _in_order_of_each_partition(records: Sequence[Record]) -> list[list[_Message]]:
    """Return the messages of each partition without those that repeat the one before them."""
    by_partition: dict[int, list[_Message]] = {}
    for record in records:
        messages = by_partition.setdefault(record.partition, [])
        if not messages or messages[-1][0] != record.value:
            messages.append((record.value, _decoded(record.value)))
    return [*by_partition.values()]


def _merged(partitions: Sequence[Sequence[_Message]]) -> list[_Message]:
    """Return all messages in an order that each partition allows, by their numbers if it can be."""
    merged = heapq.merge(*partitions, key=lambda message: _number_of_fills(message[1]) or 0)
    return [next(group) for _, group in groupby(merged, itemgetter(0))]


def _due(fills: Sequence[LedgerEntry], told: Sequence[int | None], horizon: Horizon) -> list[int]:
    """Return which fills must be on the topic: all but the first ones that it may have lost."""
    for index, fill in enumerate(fills):
        if fill.number in told or not horizon.has_no_message(fill.filled_at):
            return [fill.number for fill in fills[index:]]
    return []


def _message_problems(
    number: int | None, found: dict[str, object], wanted: dict[str, object]
) -> Iterator[str]:
    for name in sorted(wanted.keys() | found.keys()):
        if found.get(name) != wanted.get(name):
            yield (
                f"message {number} has {name} {_shown(found.get(name))} "
                f"instead of {_shown(wanted.get(name))}"
            )


def _message(row: Execution, changes: Changes, fill: LedgerEntry) -> dict[str, object]:
    """Return the message of a fill: the execution as it stood after it."""
    terms, ended = changes.terms_after(fill.number), changes.ended(fill.number)
    price = average(fill.total_amount, fill.quantity_filled)
    optional: dict[str, object | None] = {
        "limitPrice": None if terms.limit_price is None else _number(terms.limit_price),
        "averagePrice": None if price is None else _number(price),
        "tradeServiceExecutionId": (
            None
            if row.trade_service_execution_id is None
            else _number(row.trade_service_execution_id)
        ),
    }
    return {
        "id": _number(row.id),
        "executionServiceId": _number(row.execution_service_id),
        "isOpen": not ended and fill.quantity_filled != terms.quantity,
        "executionStatus": status_of(fill.quantity_filled, terms.quantity, ended=ended),
        "tradeType": row.trade_type,
        "destination": row.destination,
        "securityId": row.security_id,
        "ticker": row.ticker,
        "quantity": _number(terms.quantity),
        "receivedTimestamp": _seconds(row.received_timestamp),
        "sentTimestamp": _seconds(row.sent_timestamp),
        "lastFilledTimestamp": _seconds(fill.filled_at or row.sent_timestamp),
        "quantityFilled": _number(fill.quantity_filled),
        "numberOfFills": _number(fill.number),
        "totalAmount": _number(fill.total_amount),
        "version": _number(fill.version),
        **{name: value for name, value in optional.items() if value is not None},
    }


def _last(row: Execution, changes: Changes) -> dict[str, object]:
    """Return the message that the execution's row itself amounts to."""
    return _message(
        row,
        changes,
        LedgerEntry(
            execution_id=row.id,
            number=row.number_of_fills,
            quantity=Decimal(0),
            price=Decimal(0),
            filled_at=row.last_fill_timestamp or row.sent_timestamp,
            quantity_filled=row.quantity_filled,
            total_amount=row.total_amount,
            version=row.version,
            announced=True,
        ),
    )


def _decoded(value: bytes | None) -> dict[str, object]:
    try:
        body = _decoder.decode((value or b"").decode())
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _number_of_fills(body: dict[str, object]) -> int | None:
    number = body.get("numberOfFills")
    if not isinstance(number, _Number) or not number.isdigit():
        return None
    return int(number) if len(number) <= _LONGEST else None


def average(total: Decimal, filled: Decimal) -> Decimal | None:
    """Return the average price, as messages and reports round it; None where nothing is filled."""
    if filled <= 0:
        return None
    return _EXACT.divide(total, filled).quantize(Decimal("0.0001"), ROUND_HALF_UP, _EXACT)


def _number(number: Decimal | int) -> _Number:
    if isinstance(number, int):
        return str(number).encode()
    return f"{number.normalize(_EXACT):f}".encode()


def _seconds(moment: datetime) -> _Number:
    return _number(Decimal((moment - _EPOCH) // timedelta(microseconds=1)).scaleb(-6))


def _shown(value: object) -> object:
    return value.decode() if isinstance(value, _Number) else value
