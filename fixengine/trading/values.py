"""Orders as FIX has them, what a session asked for, and what has to be told of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import msgspec

from fixengine.fix.message import Field, Message
from fixengine.rules.changes import ChangeRequest, Refusal
from fixengine.rules.values import ChangeKind, Execution, Fill, Order


class RequestKind(StrEnum):
    """What a ClOrdID was given for."""

    NEW = "NEW"
    CANCEL = "CANCEL"
    REPLACE = "REPLACE"


class FixOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What an execution is to the client that ordered it; one row of `fix_order`.

    `cl_ord_id` is the one now in force, as far as the client was told. `pending_cl_ord_id` and
    `pending_kind` are those of the request whose answer it has not been told, None where nothing is
    pending. `side` and `time_in_force` are the codes of fields 54 and 59; that of 40 follows from
    the execution's limit price, which a replace may take away. `echoed` has the fields that each
    report repeats, as `echo.kept` writes them.
    """

    execution_id: int
    session_id: int
    cl_ord_id: bytes
    pending_cl_ord_id: bytes | None = None
    pending_kind: RequestKind | None = None
    account: bytes | None = None
    side: bytes
    time_in_force: bytes
    echoed: bytes | None = None


class RequestState(StrEnum):
    """Whether a request has to be decided, or what was decided."""

    PENDING = "PENDING"
    DONE = "DONE"
    REFUSED = "REFUSED"


class FixRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A ClOrdID that a session gave, once: one row of `fix_request`.

    `execution_id` is None where no order came of it. `quantity` and `limit_price` are those that a
    replace asks for; a limit of None is no limit.
    """

    session_id: int
    cl_ord_id: bytes
    execution_id: int | None
    kind: RequestKind
    state: RequestState
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    asked_at: datetime


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that enters: the number of its execution, its security's ticker, its two halves."""

    execution_id: int
    ticker: str
    order: Order
    fix: FixOrder


class Standing(NamedTuple):
    """An order, and its execution as the client was told.

    That is as it stood before the first evaluation that still waits to be told, or as it is now
    where none waits. So no answer is ahead of a report. `closed_by` is the change that was its last
    evaluation; None where that was a fill, or it is open.
    """

    order: FixOrder
    execution: Execution
    closed_by: ChangeKind | None = None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a ClOrdID: the request, and how its order stands if there is one."""

    request: FixRequest
    standing: Standing | None = None


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision needs of the database.

    `known` has those of the ClOrdIDs asked for that the session gave before. `numbers` are those of
    new orders, as many as were asked for: (execution id, its negative, which is the order's id).
    `now` is the database's time.
    """

    known: Mapping[bytes, Known]
    numbers: Sequence[tuple[int, int]]
    now: datetime


class Evaluated(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation that a client has to be told.

    `position` is its place among all that wait. `fill` has the execution after it, with the terms
    of that time. `kind` is that of the change that it was, None for a fill; `request_key` is the
    change's, as `key_of` writes it for requests by FIX.
    """

    position: int
    order: FixOrder
    fill: Fill
    kind: ChangeKind | None = None
    request_key: str | None = None


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A request to cancel or replace that was refused; `execution` is as it is now.

    `closed_by` is as in `Standing`.
    """

    position: int
    order: FixOrder
    request: FixRequest
    refusal: Refusal
    execution: Execution
    closed_by: ChangeKind | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A message of ours, which a session is to number: its type, and fields without its header.

    One that tells of an evaluation names it; `number` 0 tells that the order was taken.
    """

    kind: bytes
    fields: tuple[Field, ...]
    execution_id: int | None = None
    number: int | None = None


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A mass status that is served: of all open orders, or of those of a security.

    `message` is the request, `asked_at` the database's time when it came.
    """

    message: Message
    asked_at: datetime
    security_id: str | None = None


class ListingPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the orders that a mass status tells of.

    `first` is the number of the first of them, from 1 on; `total` is how many there are.
    """

    listing: Listing
    first: int
    total: int
    orders: Sequence[Standing] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What came of messages or reports: replies in their order, and rows that change with them.

    `new_orders` and `requests` are new; `orders` replace rows that are there; `done` are ClOrdIDs
    of requests that were pending; `told` are positions of what no longer waits; `listings` are
    to be told page by page when the rest is stored.
    """

    replies: tuple[Draft, ...] = ()
    new_orders: tuple[NewOrder, ...] = ()
    requests: tuple[FixRequest, ...] = ()
    orders: tuple[FixOrder, ...] = ()
    done: tuple[bytes, ...] = ()
    told: tuple[int, ...] = ()
    listings: tuple[Listing, ...] = ()


def key_of(session_id: int, cl_ord_id: bytes) -> str:
    """Return the key of a request by FIX, under which `change` has it."""
    return f"fix:{session_id}:{cl_ord_id.hex()}"


def change_request(request: FixRequest) -> ChangeRequest:
    """Return what a request by FIX asks the desk for.

    A replace to less than is filled asks for what is filled: FIX 4.4, appendix D, C.3.c.
    """
    assert request.execution_id is not None, "what names no order is refused when it comes"
    key = key_of(request.session_id, request.cl_ord_id)
    if request.kind is RequestKind.CANCEL:
        return ChangeRequest(execution_id=request.execution_id, kind=ChangeKind.CANCEL, key=key)
    assert request.quantity is not None, "a replace has a quantity"
    return ChangeRequest(
        execution_id=request.execution_id,
        kind=ChangeKind.REPLACE,
        key=key,
        quantity=request.quantity,
        limit_price=request.limit_price,
        or_filled=True,
    )
