"""Many rows as one parameter."""

from collections.abc import Sequence

import msgspec
from psycopg.types.json import Json

_encode = msgspec.json.Encoder().encode


def recordset(rows: Sequence[msgspec.Struct]) -> Json:
    """Return what `json_to_recordset` makes rows of again; its columns are named by the fields.

    One text takes the interpreter a tenth of the time that an array for every column does.
    """
    return Json(rows, dumps=_encode)
