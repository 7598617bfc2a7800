"""Many rows as one parameter."""

from collections.abc import Mapping, Sequence

import msgspec
from psycopg.types.json import Json

_encode = msgspec.json.Encoder().encode


def recordset(rows: Sequence[msgspec.Struct | Mapping[str, object]]) -> Json:
    """Return rows as JSON, of which `json_to_recordset` makes rows again, with the fields' names.

    One text takes the interpreter a tenth of the time of an array for every column.
    """
    return Json(rows, dumps=_encode)
