"""Changes as `store_changes.sql` takes them."""

from datetime import datetime
from decimal import Decimal

import msgspec

from fixengine.rules.values import Change


class _Changed(msgspec.Struct, kw_only=True):
    """A row of the statement's input. It is whole, for the statement reads it as one record."""

    place: str | None
    execution_id: int
    number: int
    filled_at: datetime | None
    quantity_filled: Decimal
    total_amount: Decimal
    version: int
    announced: bool
    is_open: bool
    execution_status: str
    next_fill_timestamp: datetime | None
    kind: str
    quantity_before: Decimal
    limit_before: Decimal | None
    quantity: Decimal
    limit_price: Decimal | None
    request_key: str | None


def changed_row(change: Change, place: str | None) -> _Changed:
    """Return a change as the statement takes it; `place` is where its execution's row is."""
    after = change.fill.execution
    return _Changed(
        place=place,
        execution_id=after.id,
        number=after.number_of_fills,
        filled_at=after.last_fill_timestamp,
        quantity_filled=after.quantity_filled,
        total_amount=after.total_amount,
        version=after.version,
        announced=change.fill.announced,
        is_open=after.is_open,
        execution_status=after.execution_status,
        next_fill_timestamp=after.next_fill_timestamp,
        kind=change.kind,
        quantity_before=change.before.quantity,
        limit_before=change.before.limit_price,
        quantity=after.quantity_ordered,
        limit_price=after.limit_price,
        request_key=change.key,
    )
