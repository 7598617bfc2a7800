"""The work of sessions as `fix_commit.sql` takes it."""

from collections.abc import Callable, Sequence

from msgspec import Struct, defstruct
from msgspec.structs import asdict, astuple
from psycopg.types.json import Json

from fixengine.infra.postgres.rows import recordset
from fixengine.ports.fix import Work
from fixengine.rules.values import Order
from fixengine.trading.values import FixOrder, NewOrder

_OF_BOTH = {"execution_id", "time_in_force"}  # fields of a FixOrder that something else has, too
_FIX_FIELDS = [f"fix_{name}" if name in _OF_BOTH else name for name in FixOrder.__struct_fields__]
_Entered: Callable[..., Struct] = defstruct(
    "_Entered", ["execution_id", "ticker", *Order.__struct_fields__, *_FIX_FIELDS]
)


def works_as_json(works: Sequence[Work]) -> Json:
    """Return works as they are, but that a new order is one flat row: read twice as fast."""
    return recordset(
        [
            {**asdict(work), "new_orders": [_entered(each) for each in work.new_orders]}
            for work in works
        ]
    )


def _entered(new: NewOrder) -> Struct:
    return _Entered(new.execution_id, new.ticker, *astuple(new.order), *astuple(new.fix))
