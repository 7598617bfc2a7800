"""Tells the schema's fault from an order's: a sound order and its fill, stored and taken back."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from fixengine.errors import RejectedError, SchemaError
from fixengine.infra.postgres.driver.connections import Connection, statements_on
from fixengine.infra.postgres.executions import new_row
from fixengine.infra.postgres.fill_rows import evaluated_row
from fixengine.infra.postgres.rows import recordset
from fixengine.infra.postgres.statements import query
from fixengine.rules.values import Execution, Fill, Order, Status, TradeType

_QUANTITY, _PRICE = Decimal(100), Decimal(10)
_HIGHEST = 2**31 - 1
_OWNER = 0  # no engine's number
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
_SO_MANY = 20  # of the executions that were stored last are tried


@dataclass(frozen=True, slots=True)
class _Sound:
    """What makes one order different from another."""

    trade_type: TradeType
    destination: str
    security_id: str
    ticker: str


_MADE_UP = _Sound(TradeType.BUY, "ML", "68bda020e3644b42ebcb2bd3", "A")


def try_out(connection: Connection) -> None:
    """Raise SchemaError when the database refuses every sound order.

    A rule of its own may forbid the one that is made up here: then orders that are like those it
    stored last are tried.
    """
    refused = _refused(connection, _MADE_UP)
    if refused is None:
        return
    if any(_refused(connection, stored) is None for stored in _stored_last(connection)):
        return
    raise SchemaError(
        f"orders can't help it, a sound one is refused, too: {refused}: see what was changed "
        "in the schema"
    ) from refused


def _stored_last(connection: Connection) -> set[_Sound]:
    with statements_on(connection):
        rows = connection.execute(
            "select e.trade_type, e.destination, e.security_id::text, e.ticker "
            "from public.execution as e order by e.id desc limit %s",
            [_SO_MANY],
        ).fetchall()
    return {_Sound(TradeType(row[0]), *row[1:]) for row in rows if row[0] in [*TradeType]}


def _refused(connection: Connection, sound: _Sound) -> RejectedError | None:
    try:
        with statements_on(connection), connection.transaction(force_rollback=True):
            _store(connection, sound)
    except RejectedError as error:
        return error
    return None


def _store(connection: Connection, sound: _Sound) -> None:
    row = connection.execute("select now(), pg_backend_pid()").fetchone()
    assert row is not None
    now, backend = row
    order = Order(
        id=_HIGHEST - backend % 1_000_000,  # two trials at once don't wait for each other
        trade_type=sound.trade_type,
        destination=sound.destination,
        security_id=sound.security_id,
        quantity=_QUANTITY,
        limit_price=None,
        received_timestamp=now,
        version=1,
        traceparent=_TRACE,
        expires_at=now + timedelta(days=1),
    )
    orders = recordset([new_row(order, sound.ticker)])
    connection.execute(query("insert_orders"), {"orders": orders, "first_fill_delay": 0})
    stored = connection.execute(
        "select e.id from public.execution as e where e.execution_service_id = %s", [order.id]
    ).fetchone()
    assert stored is not None
    found = connection.execute(query("changing"), {"ids": [stored[0]]}).fetchone()
    assert found is not None
    place, _, _, _, *fields = found
    first = Fill(
        quantity=_QUANTITY / 2,
        price=_PRICE,
        announced=True,
        execution=replace(
            Execution(*fields),
            execution_status=Status.PART,
            last_fill_timestamp=now,
            quantity_filled=_QUANTITY / 2,
            next_fill_timestamp=now + timedelta(minutes=1),
            number_of_fills=1,
            total_amount=_QUANTITY / 2 * _PRICE,
            version=2,
        ),
    )
    fills = recordset([evaluated_row(first, place)])
    connection.execute(query("store_fills"), {"fills": fills, "owner": _OWNER})
