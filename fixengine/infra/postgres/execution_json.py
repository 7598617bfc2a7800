"""An execution as PostgreSQL writes it in JSON: to the byte as `encode_execution` writes it.

REST shows many executions at once. The interpreter would take twenty times as long for each: for
the values of a row, and then for their text.
"""

from datetime import datetime
from decimal import Decimal

from msgspec.structs import FieldInfo, fields

from fixengine.rules import values
from fixengine.wire.executions import Execution

_COLUMNS = {column.name: column for column in fields(values.Execution)}
_COLUMN_OF = {"quantity": "quantity_ordered", "last_filled_timestamp": "last_fill_timestamp"}
"""The columns of fields that have a name of their own in messages."""

_AVERAGE = "average_price"


def execution_json() -> str:
    """Return the expression for a row of `execution` that is called `e`.

    What nothing can show hides no row: times that Python can't read are cut to those that it can,
    and a number that is NaN is 0, or left out. `concat` leaves out what is null.
    """
    parts: list[str] = []
    for field in fields(Execution):
        value, optional = _value(field.name)
        key = f"""'{"," if parts else "{"}"{field.encode_name}":'"""
        parts.append(f"{key} || ({value})::text" if optional else f"{key}, {value}")
    return f"concat({', '.join(parts)}, '}}')"


def _value(name: str) -> tuple[str, bool]:
    """Return a field's expression, and whether it may be null."""
    if name == _AVERAGE:
        return _average(), True
    column = _COLUMNS[_COLUMN_OF.get(name, name)]
    optional = column.type in {each | None for each in (int, Decimal, datetime)}
    if column.type in {Decimal, Decimal | None}:
        return f"trim_scale({shown_number(column)})", optional
    if column.type in {datetime, datetime | None}:
        return f"trim_scale(extract(epoch from {readable_time(column)}))", optional
    if column.type is bool:
        return f"e.{column.name}::text", optional
    if column.type is str:
        return f"to_json(e.{column.name}::text)", optional
    return f"e.{column.name}", optional


def readable_time(column: FieldInfo) -> str:
    """Return the expression of a time, cut to those that Python can read."""
    cut = f"least(greatest(e.{column.name}, '0001-01-02'), '9999-12-30')"
    if column.type == datetime:
        return cut
    return f"case when e.{column.name} is not null then {cut} end"  # `greatest` of null is a time


def shown_number(column: FieldInfo) -> str:
    """Return the expression of a number: 0 where it is NaN, or null where it may be."""
    number = f"nullif(e.{column.name}, 'NaN')"
    return number if column.type == Decimal | None else f"coalesce({number}, 0)"


def _average() -> str:
    """Return the expression of `average_price`: the quotient is rounded once, half up."""
    filled, total = (shown_number(_COLUMNS[name]) for name in ("quantity_filled", "total_amount"))
    rounded = f"sign({total}) * div(abs({total}) * 20000 + {filled}, 2 * {filled})"
    return f"case when {filled} > 0 then trim_scale({rounded} * 0.0001) end"
