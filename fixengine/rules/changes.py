"""Changes: what a request to cancel or replace does to an execution, and what its expiry does.

Pure: the outcome is a function of the execution, what is asked for, and the time. Each change is
an evaluation that fills nothing: it has a number and a row in the ledger, as fills have.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from fixengine.rules.fills import FillRules, status_of
from fixengine.rules.values import (
    Change,
    ChangeKind,
    Execution,
    Fill,
    LedgerEntry,
    Status,
    Terms,
)

_ENDS = frozenset({ChangeKind.CANCEL, ChangeKind.EXPIRE})


class ChangeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer asks for.

    `key` names the request: the same one again changes nothing. With `version` it counts only for
    the execution as the customer knows it. `quantity` (> 0) and `limit_price` are those of a
    replace; what is unset stays as it is, and a limit of None is no limit. With `or_filled` the
    quantity becomes what is filled where that is more, and nothing remains; otherwise such a
    request is refused. `traceparent` is whoever asks in the customer's own trace.
    """

    execution_id: int
    kind: ChangeKind
    key: str | None = None
    version: int | None = None
    quantity: Decimal | UnsetType = UNSET
    limit_price: Decimal | UnsetType | None = UNSET
    or_filled: bool = False
    traceparent: str | None = None

    def terms(self, before: Terms, *, filled: Decimal) -> Terms:
        """Return the terms after it, which only a replace changes."""
        if self.kind is not ChangeKind.REPLACE:
            return before
        quantity = before.quantity if self.quantity is UNSET else self.quantity
        return Terms(
            max(quantity, filled) if self.or_filled else quantity,
            before.limit_price if self.limit_price is UNSET else self.limit_price,
        )


class Refusal(StrEnum):
    """Why a request is refused."""

    UNKNOWN = "there is no such execution"
    KEY_TAKEN = "another request for this execution had that key"
    NO_NUMBER = "a number of the execution is NaN"
    MOVED_ON = "the execution has moved on since that version"
    CLOSED = "the execution is closed"
    FILLED = "more than that quantity is filled already"
    AT_ONCE = "the execution is filled at once or not at all"


class ChangeDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request: the execution after it, or as it is where it is refused."""

    execution: Execution | None
    refusal: Refusal | None = None

    @property
    def outcome(self) -> str:
        """Say in a word whether it is done, or why not: for metrics and traces."""
        return "done" if self.refusal is None else self.refusal.name.lower()


def refusal(execution: Execution, request: ChangeRequest) -> Refusal | None:
    """Return why the request can't be met by the execution as it is; None if it can."""
    if request.version is not None and request.version != execution.version:
        return Refusal.MOVED_ON
    if not execution.is_open:
        return Refusal.CLOSED
    if request.kind in _ENDS:
        return None  # also where another program filled more than was ordered
    if execution.time_in_force is not None:
        return Refusal.AT_ONCE  # its first evaluation is the last, and a replace would be that
    filled = execution.quantity_filled
    return (
        Refusal.FILLED if request.terms(execution.terms, filled=filled).quantity < filled else None
    )


def is_same(request: ChangeRequest, *, kind: ChangeKind, after: Terms) -> bool:
    """Say whether a request is the one that led to a change of that kind, and to those terms."""
    return request.kind is kind and request.terms(after, filled=after.quantity) == after


def change(
    execution: Execution, request: ChangeRequest, *, now: datetime, rules: FillRules
) -> Change:
    """Change an open execution, as `refusal` allows it.

    The time of the evaluation is `now`, but never before the execution was received, sent or last
    filled. That of an expiry is never before it is due, as databases' clocks differ. A replace
    leaves the time of the next fill as it is, unless nothing remains to fill.
    """
    before, filled = execution.terms, execution.quantity_filled
    terms = request.terms(before, filled=filled)
    ended = request.kind in _ENDS
    is_open = not ended and filled < terms.quantity
    sent = max(execution.sent_timestamp, execution.received_timestamp)
    due = execution.expires_at if request.kind is ChangeKind.EXPIRE else None
    after = replace(
        execution,
        is_open=is_open,
        execution_status=_cancelled(filled) if ended else status_of(filled, terms.quantity),
        quantity_ordered=terms.quantity,
        limit_price=terms.limit_price,
        sent_timestamp=sent,
        number_of_fills=execution.number_of_fills + 1,
        last_fill_timestamp=max(now, sent, execution.last_fill_timestamp or sent, due or sent),
        next_fill_timestamp=execution.next_fill_timestamp if is_open else None,
        version=execution.version + 1,
    )
    return Change(
        kind=request.kind,
        before=before,
        fill=Fill(
            quantity=Decimal(0),
            price=None,
            announced=rules.announce(execution, filled),
            execution=after,
        ),
        key=request.key,
    )


def has_expired(execution: Execution, now: datetime) -> bool:
    """Say whether the time of an execution is over."""
    if execution.time_in_force is not None and execution.number_of_fills > 0:
        return True  # no change comes before its first evaluation and leaves it open
    return execution.expires_at is not None and execution.expires_at <= now


def as_after(
    now: Execution, entry: LedgerEntry, *, kind: ChangeKind | None, terms: Terms
) -> Execution:
    """Return an execution as it stood after an evaluation, from what is known of it now.

    `kind` is that of the change that the evaluation was, None for a fill; `terms` are those that
    held after it. The time of its next fill is unknown.
    """
    filled = entry.quantity_filled
    ended = kind in _ENDS
    return replace(
        now,
        is_open=not ended and filled < terms.quantity,
        execution_status=_cancelled(filled) if ended else status_of(filled, terms.quantity),
        quantity_ordered=terms.quantity,
        limit_price=terms.limit_price,
        last_fill_timestamp=entry.filled_at,
        quantity_filled=filled,
        next_fill_timestamp=None,
        number_of_fills=entry.number,
        total_amount=entry.total_amount,
        version=entry.version,
    )


def _cancelled(filled: Decimal) -> Status:
    return Status.PART_CANCELLED if filled > 0 else Status.CANCELLED
