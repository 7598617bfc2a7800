"""Changes as `store_changes.sql` takes them."""

from decimal import Decimal

from msgspec.structs import asdict

from fixengine.infra.postgres.fill_rows import EvaluatedRow, evaluated_row
from fixengine.rules.values import Change


class _Changed(EvaluatedRow, kw_only=True):
    """A row of the statement's input: the evaluation, and the terms before and after it."""

    kind: str
    quantity_before: Decimal
    limit_before: Decimal | None
    quantity_ordered: Decimal
    limit_price: Decimal | None
    request_key: str | None


def changed_row(change: Change, place: str | None) -> _Changed:
    """Return a change as the statement takes it; `place` is where its execution's row is."""
    after = change.fill.execution
    return _Changed(
        **asdict(evaluated_row(change.fill, place)),
        kind=change.kind,
        quantity_before=change.before.quantity,
        limit_before=change.before.limit_price,
        quantity_ordered=after.quantity_ordered,
        limit_price=after.limit_price,
        request_key=change.key,
    )
