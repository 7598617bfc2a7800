"""A client's book: what became of its orders, as far as it was told."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from fixengine.counterparty.orders import (
    CL_ORD_ID,
    ORDER_QTY,
    SIDE,
    SYMBOL,
    TRANSACT_TIME,
    Order,
)
from fixengine.fix import tags
from fixengine.fix.formats import write_timestamp
from fixengine.fix.message import Message, whole

CANCEL_REQUEST = b"F"
_ORIG_CL_ORD_ID, _EXEC_ID, _ORD_STATUS, _EXEC_TYPE = 41, 17, 39, 150
_REJECTED = b"8"  # as OrdStatus(39) and as ExecType(150)
_FINAL = frozenset(
    (b"2", b"3", b"4", _REJECTED, b"C")
)  # filled, done, cancelled, rejected, expired
_NEVER_TOLD = b""


@dataclass(slots=True, kw_only=True)
class Entry:
    """An order: `status` is the last OrdStatus(39), empty before the first."""

    order: Order
    cl_ord_id: bytes
    status: bytes = _NEVER_TOLD


@dataclass(slots=True, kw_only=True)
class Book:
    """Orders by their ClOrdIDs, and by the numbers of the messages that they were sent in.

    `done` is how many have come to an end.
    """

    entries: list[Entry] = field(default_factory=list)
    done: int = 0
    exec_ids: set[bytes] = field(default_factory=set)
    _by_id: dict[bytes, Entry] = field(default_factory=dict)
    _by_number: dict[int, Entry] = field(default_factory=dict)

    @property
    def open(self) -> list[Entry]:
        """Return the orders that have not come to an end."""
        return [each for each in self.entries if each.status not in _FINAL]

    @property
    def is_refused(self) -> bool:
        """Say whether any order was rejected."""
        return any(each.status == _REJECTED for each in self.entries)

    @property
    def counts(self) -> Counter[bytes]:
        """Return how many orders have each status."""
        return Counter(each.status for each in self.entries)

    def ordered(self, order: Order, number: int) -> None:
        """Note an order that was sent, with the number of its message."""
        entry = Entry(order=order, cl_ord_id=dict(order)[CL_ORD_ID])
        self.entries.append(entry)
        self._by_id[entry.cl_ord_id] = self._by_number[number] = entry

    def cancel_request(self, entry: Entry, cl_ord_id: bytes, now: datetime) -> Order:
        """Return what asks for the end of an order."""
        order = dict(entry.order)
        repeated = ((tag, order[tag]) for tag in (SYMBOL, SIDE, ORDER_QTY) if tag in order)
        return (
            (_ORIG_CL_ORD_ID, entry.cl_ord_id),
            (CL_ORD_ID, cl_ord_id),
            *repeated,
            (TRANSACT_TIME, write_timestamp(now)),
        )

    def take(self, message: Message) -> bool:
        """Note what a message says; return whether it says something new."""
        match message.kind:
            case b"8":  # ExecutionReport
                return self._report(message)
            case b"3" | b"j":  # Reject, BusinessMessageReject
                self._refused(whole(message.get(tags.REF_SEQ_NUM)))
            case _:
                pass
        return True

    def _report(self, message: Message) -> bool:
        exec_id = message.get(_EXEC_ID) or b""
        if exec_id in self.exec_ids:
            return False
        self.exec_ids.add(exec_id)
        named = (message.get(CL_ORD_ID), message.get(_ORIG_CL_ORD_ID))
        entry = next((self._by_id[each] for each in named if each in self._by_id), None)
        if entry is not None:
            self._becomes(entry, _status_after(entry, message))
        return True

    def _refused(self, number: int | None) -> None:
        entry = self._by_number.get(number or 0)
        if entry is not None and entry.status == _NEVER_TOLD:
            self._becomes(entry, _REJECTED)

    def _becomes(self, entry: Entry, status: bytes) -> None:
        self.done += (status in _FINAL) - (entry.status in _FINAL)
        entry.status = status


def _status_after(entry: Entry, message: Message) -> bytes:
    """Return what a report says of an order.

    A refusal has the status of another order where the ClOrdID was used before.
    """
    if entry.status == _NEVER_TOLD and message.get(_EXEC_TYPE) == _REJECTED:
        return _REJECTED
    return message.get(_ORD_STATUS) or entry.status
