"""The statements in `queries`: columns that are fields of a struct are put into them here.

They stand in the fields' order, as a row becomes a struct by its places. A statement calls its row
of `execution` `e`, and names one of these:

- `{{execution as stored}}`: the values as they are;
- `{{execution as readable}}`: times that Python can't read are cut to those that it can;
- `{{execution as shown}}`: readable, and a number that is NaN is 0, or no limit;
- `{{names of execution}}`: the bare names, to insert;
- `{{execution as json}}`: what messages and REST show of it, as one text.

`{{fill}}`, `{{fix_order}}`, `{{fix_request}}` and `{{fix_sent}}` are the columns of rows of these
tables, which a statement calls `f`, `o`, `r` and `s`; `{{names of fill}}` has the bare names.

`{{held locks}}` is the statement `held_locks.sql`, to select from: an engine that does not hold its
lock is not among them, as nobody would publish what it stores.
"""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from fixengine.infra.postgres.execution_json import execution_json, readable_time, shown_number
from fixengine.ports.fix import Sent
from fixengine.rules.values import Execution, LedgerEntry
from fixengine.trading.values import FixOrder, FixRequest

_ELSEWHERE = frozenset({"traceparent", "expires_at", "time_in_force"})
"""They are in tables of their own."""

_COLUMNS = tuple(field for field in fields(Execution) if field.name not in _ELSEWHERE)
COLUMN_NAMES = tuple(column.name for column in _COLUMNS)

_PLACEHOLDER = re.compile(rb"\{\{([a-z_ ]+)\}\}")

_Written: TypeAlias = Callable[[FieldInfo], str]

_ROWS: dict[str, tuple[type[Struct], str]] = {
    "fill": (LedgerEntry, "f."),
    "names of fill": (LedgerEntry, ""),
    "fix_order": (FixOrder, "o."),
    "fix_request": (FixRequest, "r."),
    "fix_sent": (Sent, "s."),
}
"""The structs of rows, and what a statement writes before their columns."""


@cache
def query(name: str) -> bytes:
    """Return the statement in `queries/<name>.sql`."""
    text = (files("fixengine.infra.postgres") / "queries" / f"{name}.sql").read_bytes()
    return _PLACEHOLDER.sub(lambda found: _columns(found[1].decode()), text)


def _columns(placeholder: str) -> bytes:
    if placeholder == "execution as json":
        return execution_json().encode()
    if placeholder == "held locks":
        return query("held_locks")
    if placeholder in _ROWS:
        struct, before = _ROWS[placeholder]
        return ", ".join(f"{before}{name}" for name in struct.__struct_fields__).encode()
    return ", ".join(map(_EXECUTIONS[placeholder], _COLUMNS)).encode()


def _stored(column: FieldInfo) -> str:
    if column.name == "security_id":
        return "e.security_id::text as security_id"  # a char(24) comes with blanks
    return f"e.{column.name}"


def _readable(column: FieldInfo) -> str:
    if column.type in {datetime, datetime | None}:
        return f"{readable_time(column)} as {column.name}"
    return _stored(column)


def _shown(column: FieldInfo) -> str:
    if column.type in {Decimal, Decimal | None}:
        return f"{shown_number(column)} as {column.name}"
    return _readable(column)


def _name(column: FieldInfo) -> str:
    return column.name


_EXECUTIONS: dict[str, _Written] = {
    "execution as stored": _stored,
    "execution as readable": _readable,
    "execution as shown": _shown,
    "names of execution": _name,
}
