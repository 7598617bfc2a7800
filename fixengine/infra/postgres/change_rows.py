"""Changes as `store_changes.sql` takes them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec.structs import asdict

from fixengine.infra.postgres.fill_rows import EvaluatedRow, evaluated_row
from fixengine.infra.postgres.rows import recordset
from fixengine.infra.postgres.session import LOCK_CLASS
from fixengine.rules.values import Change


class _Changed(EvaluatedRow, kw_only=True):
    """A row of the statement's input: the evaluation, and the terms before and after it."""

    kind: str
    quantity_before: Decimal
    limit_before: Decimal | None
    quantity_ordered: Decimal
    limit_price: Decimal | None
    request_key: str | None


def parameters_of(
    changes: Sequence[Change], places: Mapping[int, str], *, owner: int
) -> dict[str, object]:
    """Return the statement's parameters: changes of rows at these places, published by `owner`."""
    rows = [_changed(each, places.get(each.fill.execution.id)) for each in changes]
    return {"changes": recordset(rows), "owner": owner, "lock_class": LOCK_CLASS}


def _changed(change: Change, place: str | None) -> _Changed:
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
