"""The values the engine works on: orders, executions and fills.

Some are made for each order, others for each fill: msgspec's structs, which are made in a third of
the time that a dataclass takes. None leads back to itself, so the garbage collector passes over
them (`gc=False`).
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

LOWEST_LIMIT = Decimal("0.0001")
"""An order with a lower limit price has no limit."""


def is_blank(name: str) -> bool:
    """Say whether a name shows nothing: blanks of any kind, or characters that can't be seen."""
    if name.isalnum():
        return False  # as nearly all are, and each of these characters shows something
    return not any(letter.isprintable() and not letter.isspace() for letter in name)


class TradeType(StrEnum):
    """What an order asks for; the suite's five kinds."""

    BUY = "BUY"
    SELL = "SELL"
    SHORT = "SHORT"
    COVER = "COVER"
    EXRC = "EXRC"


class TimeInForce(StrEnum):
    """How long an order may be filled, where that is no time: the market's own names.

    IOC: what its first evaluation leaves is cancelled. FOK: that fills all of it, or nothing.
    """

    IOC = "IOC"
    FOK = "FOK"


class Status(StrEnum):
    """How far an execution is: nothing filled yet, partly, wholly; ended before it was full."""

    WORK = "WORK"
    PART = "PART"
    FULL = "FULL"
    CANCELLED = "CNCLD"
    PART_CANCELLED = "CPART"


class Order(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A valid order as execution-service sent it, before its security has a ticker.

    `quantity` and `limit_price` fit numeric(18,8); `limit_price` is None for a market order.
    `id` is execution-service's, above zero, and becomes `Execution.execution_service_id`; an order
    by FIX has the negative of its execution's number. `traceparent` is its place in a trace, None
    when it belongs to no trace. What is not filled at `expires_at` is cancelled; None: never. So is
    what `time_in_force` does not let wait.
    """

    id: int
    trade_type: TradeType
    destination: str
    security_id: str
    quantity: Decimal
    limit_price: Decimal | None
    received_timestamp: datetime
    trade_service_execution_id: int | None = None
    version: int
    traceparent: str | None = None
    expires_at: datetime | None = None
    time_in_force: TimeInForce | None = None


class Terms(msgspec.Struct, frozen=True, gc=False):
    """What an execution may fill, and at what price; no limit is None. A change sets new ones."""

    quantity: Decimal
    limit_price: Decimal | None


class Execution(msgspec.Struct, frozen=True, gc=False):
    """One row of `public.execution`, field for field, where its trace goes on, and its end.

    Statements select the fields in this order. `trade_type` is text: rows that other programs
    wrote may hold any. Timestamps are aware.
    """

    id: int
    execution_service_id: int
    is_open: bool
    execution_status: str
    trade_type: str
    destination: str
    security_id: str
    ticker: str
    quantity_ordered: Decimal
    limit_price: Decimal | None
    received_timestamp: datetime
    sent_timestamp: datetime
    last_fill_timestamp: datetime | None
    quantity_filled: Decimal
    next_fill_timestamp: datetime | None
    number_of_fills: int
    total_amount: Decimal
    trade_service_execution_id: int | None
    version: int
    traceparent: str | None = None
    expires_at: datetime | None = None
    time_in_force: TimeInForce | None = None

    @property
    def terms(self) -> Terms:
        """What it may fill, and at what price."""
        return Terms(self.quantity_ordered, self.limit_price)

    @property
    def by_fix(self) -> bool:
        """Whether a FIX client ordered it: its order's id is then the negative of its own."""
        return self.execution_service_id < 0

    @property
    def remaining(self) -> Decimal:
        """The quantity still to fill, never negative in a sound row."""
        return self.quantity_ordered - self.quantity_filled


class Fill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One evaluation of an execution, and the execution as it stands after it.

    (`execution.id`, `execution.number_of_fills`) identifies it. `quantity` may be 0: the price
    was beyond the limit, or the draw said so. `price` is None where nobody asked for one.
    `announced` says whether the topic gets to see it.
    """

    quantity: Decimal
    price: Decimal | None
    announced: bool
    execution: Execution


class ChangeKind(StrEnum):
    """What a change does: the customer ends it or sets new terms, or its time is over."""

    CANCEL = "CANCEL"
    REPLACE = "REPLACE"
    EXPIRE = "EXPIRE"


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An evaluation that fills nothing and ends an execution, or sets new terms.

    `fill` is that evaluation, with the execution after it and without a price. `key` is the
    customer's name for the request, None where it has none.
    """

    kind: ChangeKind
    before: Terms
    fill: Fill
    key: str | None


class ChangeEntry(msgspec.Struct, frozen=True):
    """One row of `public.change`: what the evaluation of that number was, and the terms around it.

    `kind` is text: somebody may have changed the row by hand.
    """

    execution_id: int
    number: int
    kind: str
    quantity_before: Decimal
    limit_before: Decimal | None
    quantity: Decimal
    limit_price: Decimal | None
    request_key: str | None

    @property
    def before(self) -> Terms:
        """The terms that held until then."""
        return Terms(self.quantity_before, self.limit_before)

    @property
    def after(self) -> Terms:
        """The terms that hold from then on."""
        return Terms(self.quantity, self.limit_price)


class Postponed(msgspec.Struct, frozen=True, gc=False):
    """An execution, as the version that was read, and when it is to be tried again."""

    execution_id: int
    version: int
    next_fill_timestamp: datetime


class LedgerEntry(msgspec.Struct, frozen=True, gc=False):
    """One row of `public.fill`: an evaluation as it was stored, and the sums after it.

    `number` counts an execution's evaluations from 1. `price` and `filled_at` are None where they
    were lost with a database and the topic does not tell them. `announced` says whether the topic
    gets to see it.
    """

    execution_id: int
    number: int
    quantity: Decimal
    price: Decimal | None
    filled_at: datetime | None
    quantity_filled: Decimal
    total_amount: Decimal
    version: int
    announced: bool
