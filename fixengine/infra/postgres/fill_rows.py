"""Fills as `store_fills.sql` takes them."""

from datetime import datetime
from decimal import Decimal

import msgspec

from fixengine.rules.values import Fill


class EvaluatedRow(msgspec.Struct, kw_only=True, gc=False):
    """A row of the statement's input. It is whole, for the statement reads it as one record."""

    place: str | None
    execution_id: int
    number: int
    quantity: Decimal
    price: Decimal | None
    filled_at: datetime | None
    quantity_filled: Decimal
    total_amount: Decimal
    version: int
    announced: bool
    is_open: bool
    execution_status: str
    next_fill_timestamp: datetime | None


def evaluated_row(fill: Fill, place: str | None) -> EvaluatedRow:
    """Return a fill as `store_fills.sql` takes it; `place` is where its execution's row is."""
    after = fill.execution
    return EvaluatedRow(
        place=place,
        execution_id=after.id,
        number=after.number_of_fills,
        quantity=fill.quantity,
        price=fill.price,
        filled_at=after.last_fill_timestamp,
        quantity_filled=after.quantity_filled,
        total_amount=after.total_amount,
        version=after.version,
        announced=fill.announced,
        is_open=after.is_open,
        execution_status=after.execution_status,
        next_fill_timestamp=after.next_fill_timestamp,
    )
