"""The audit of the topic `fills`: every announced fill, in order, to the digit."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import groupby

from fixengine.demo.evidence import LedgerFill, Unpublished
from fixengine.domain import Execution
from fixengine.ports import Record

_EXACT = Context(prec=80)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcements:
    """What the ledger holds, by execution, and what the topic holds."""

    executions: Sequence[Execution]
    fills: Mapping[int, Sequence[LedgerFill]]
    outbox: Sequence[Unpublished]
    records: Sequence[Record]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """How many records repeat an earlier one, and what is wrong."""

    repeated: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    """A JSON number as it is written."""

    text: str


def announcement_findings(announcements: Announcements) -> Findings:
    """Compare the topic with the ledger; a fill that is still in the outbox may be missing."""
    by_key: dict[bytes | None, list[Record]] = {}
    for record in announcements.records:
        by_key.setdefault(record.key, []).append(record)
    unpublished = {(row.execution_id, row.fill_number) for row in announcements.outbox}
    problems: list[str] = []
    repeated = 0
    for row in announcements.executions:
        records = by_key.pop(str(row.execution_service_id).encode(), [])
        fills = [fill for fill in announcements.fills.get(row.id, ()) if fill.announced]
        pending = {fill.number for fill in fills if (row.id, fill.number) in unpublished}
        found = [*_execution_problems(row, fills, pending, records)]
        problems += (f"order {row.execution_service_id}: {problem}" for problem in found)
        repeated += len(records) - len({record.value for record in records})
    problems += (
        f"{len(records)} messages on fills have the key {key!r}, which no execution has"
        for key, records in by_key.items()
    )
    return Findings(repeated=repeated, problems=tuple(problems))


def _execution_problems(
    row: Execution,
    fills: Sequence[LedgerFill],
    pending: set[int],
    records: Sequence[Record],
) -> Iterator[str]:
    if len({record.partition for record in records}) > 1:
        yield "its messages are on more than one partition"
    bodies = [(record.value, _decoded(record.value)) for record in records]
    distinct = [next(group) for _, group in groupby(bodies, lambda body: body[0])]
    told = [_number_of_fills(body) for _, body in distinct]
    due = [fill.number for fill in fills]
    if told != due and told != [number for number in due if number not in pending]:
        yield f"the messages on the topic are of fills {told}, announced are {due}"
    by_number = {fill.number: fill for fill in fills}
    for number, (_, body) in zip(told, distinct, strict=True):
        fill = by_number.get(number or 0)
        if fill is not None:
            yield from _message_problems(number, body, _message(row, fill))
    if told and fills and told[-1] == row.number_of_fills and distinct[-1][1] != _last(row):
        yield "its last message differs from its row"


def _message_problems(
    number: int | None, found: dict[str, object], wanted: dict[str, object]
) -> Iterator[str]:
    for name in sorted(wanted.keys() | found.keys()):
        if found.get(name) != wanted.get(name):
            yield (
                f"message {number} has {name} {_shown(found.get(name))} "
                f"instead of {_shown(wanted.get(name))}"
            )


def _message(row: Execution, fill: LedgerFill) -> dict[str, object]:
    """Return the message of a fill: the execution as it stood after it."""
    full = fill.quantity_filled == row.quantity_ordered
    average = _average(fill.total_amount, fill.quantity_filled)
    optional: dict[str, object | None] = {
        "limitPrice": None if row.limit_price is None else _number(row.limit_price),
        "averagePrice": None if average is None else _number(average),
        "tradeServiceExecutionId": (
            None
            if row.trade_service_execution_id is None
            else _number(row.trade_service_execution_id)
        ),
    }
    return {
        "id": _number(row.id),
        "executionServiceId": _number(row.execution_service_id),
        "isOpen": not full,
        "executionStatus": "FULL" if full else "PART" if fill.quantity_filled > 0 else "WORK",
        "tradeType": row.trade_type,
        "destination": row.destination,
        "securityId": row.security_id,
        "ticker": row.ticker,
        "quantity": _number(row.quantity_ordered),
        "receivedTimestamp": _seconds(row.received_timestamp),
        "sentTimestamp": _seconds(row.sent_timestamp),
        "lastFilledTimestamp": _seconds(fill.filled_at or row.sent_timestamp),
        "quantityFilled": _number(fill.quantity_filled),
        "numberOfFills": _number(fill.number),
        "totalAmount": _number(fill.total_amount),
        "version": _number(fill.version),
        **{name: value for name, value in optional.items() if value is not None},
    }


def _last(row: Execution) -> dict[str, object]:
    """Return the message that the execution's row itself amounts to."""
    return _message(
        row,
        LedgerFill(
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
        body = json.loads(value or b"", parse_int=_written, parse_float=_written)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _number_of_fills(body: dict[str, object]) -> int | None:
    number = body.get("numberOfFills")
    return int(number.text) if isinstance(number, _Number) and number.text.isdecimal() else None


def _average(total: Decimal, filled: Decimal) -> Decimal | None:
    if filled <= 0:
        return None
    return _EXACT.divide(total, filled).quantize(Decimal("0.0001"), ROUND_HALF_UP, _EXACT)


def _written(text: str) -> _Number:
    return _Number(text=text)


def _number(number: Decimal | int) -> _Number:
    return _written(f"{Decimal(number).normalize(_EXACT):f}")


def _seconds(moment: datetime) -> _Number:
    return _number(Decimal((moment - _EPOCH) // timedelta(microseconds=1)).scaleb(-6))


def _shown(value: object) -> object:
    return value.text if isinstance(value, _Number) else value
