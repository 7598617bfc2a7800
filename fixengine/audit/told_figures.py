"""The audit of FIX: whether the reports that a client was sent have the figures of the ledger.

What a report has to say is written here once more, as the audit shares no rule with the gateway.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from fixengine.audit.announcements import average
from fixengine.audit.changes import Changes
from fixengine.audit.evidence import Stored
from fixengine.rules.values import LedgerEntry

_ORDER_ID, _EXEC_ID = (37, "OrderID"), (17, "ExecID")
_ORDER_QTY, _CUM_QTY, _LEAVES_QTY = (38, "OrderQty"), (14, "CumQty"), (151, "LeavesQty")
_AVG_PX, _LAST_QTY, _LAST_PX = (6, "AvgPx"), (32, "LastQty"), (31, "LastPx")
_SHOWN = 40

_Field = tuple[int, str]


def figure_problems(stored: Stored, changes: Changes) -> Iterator[str]:
    """Yield where a report differs from the row of the ledger that it tells of."""
    if stored.told is None:
        return
    fills = {fill.number: fill for fill in stored.fills}
    for number, body in zip(stored.told.sent, stored.told.bodies, strict=False):
        fill = fills.get(number)
        if number and fill is None:  # that there is nothing to tell is said elsewhere
            continue
        said = _fields(body)
        id_ = f"{stored.execution.id}"
        if not number:  # after a restore an execution that nothing was filled of has another number
            id_ = said.get(37, b"").decode(errors="replace")
        for (tag, name), text in ((_ORDER_ID, id_), (_EXEC_ID, f"{id_}-{number}")):
            if said.get(tag) != text.encode():
                yield f"its report of {number} has {name} {_shown(said.get(tag))}, not {text}"
        for (tag, name), figure in _figures(number, fill, changes):
            if _number(said.get(tag)) != figure:
                yield f"its report of {number} has {name} {_shown(said.get(tag))}, not {figure:f}"


def _figures(
    number: int, fill: LedgerEntry | None, changes: Changes
) -> Iterator[tuple[_Field, Decimal]]:
    ordered = changes.terms_after(number).quantity
    filled = Decimal(0) if fill is None else fill.quantity_filled
    total = Decimal(0) if fill is None else fill.total_amount
    left = Decimal(0) if changes.ended(number) else max(ordered - filled, Decimal(0))
    yield _ORDER_QTY, ordered
    yield _CUM_QTY, filled
    yield _LEAVES_QTY, left
    yield _AVG_PX, average(total, filled) or Decimal(0)
    if fill is not None and number not in changes:
        yield _LAST_QTY, fill.quantity
        if fill.price is not None:
            yield _LAST_PX, fill.price


def _fields(body: bytes) -> Mapping[int, bytes]:
    """Return fields by their tags, the first of each; no report has data with SOH in it."""
    pairs = (field.partition(b"=") for field in reversed(body.split(b"\x01")))
    return {int(tag): value for tag, _, value in pairs if tag.isdigit()}


def _number(value: bytes | None) -> Decimal | None:
    try:
        return None if value is None else Decimal(value.decode())
    except (InvalidOperation, UnicodeDecodeError):
        return None


def _shown(value: bytes | None) -> str:
    return "nothing" if value is None else ascii(value[:_SHOWN].decode("latin-1"))[1:-1]
