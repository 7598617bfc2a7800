"""Executions for tests."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fixengine.ports.queries import ShownExecution
from fixengine.rules.values import Execution, Fill
from fixengine.wire.executions import decode_execution, encode_execution

SENT = datetime(2026, 7, 28, 12, 16, 10, 310000, tzinfo=UTC)
SECURITY = "68bda020e3644b42ebcb2bd3"


def execution(**changes: Any) -> Execution:
    """Return an open market order for 134 units, with `changes`."""
    fields: dict[str, Any] = {
        "id": 5,
        "execution_service_id": 37,
        "is_open": True,
        "execution_status": "WORK",
        "trade_type": "BUY",
        "destination": "ML",
        "security_id": SECURITY,
        "ticker": "A",
        "quantity_ordered": Decimal("134.00000000"),
        "limit_price": None,
        "received_timestamp": datetime(2026, 7, 28, 12, 16, 10, 233793, tzinfo=UTC),
        "sent_timestamp": SENT,
        "last_fill_timestamp": None,
        "quantity_filled": Decimal(0),
        "next_fill_timestamp": SENT,
        "number_of_fills": 0,
        "total_amount": Decimal(0),
        "trade_service_execution_id": 12,
        "version": 1,
    }
    return Execution(**{**fields, **changes})


def fill(id_: int) -> Fill:
    """Make the first fill of an execution, of one share."""
    return Fill(
        quantity=Decimal(1),
        price=Decimal(1),
        announced=True,
        execution=execution(id=id_, number_of_fills=1),
    )


def shown(each: Execution) -> ShownExecution:
    """Return an execution as the database shows it to REST."""
    return ShownExecution(each.id, each.version, encode_execution(each).decode())


def read(each: ShownExecution) -> Execution:
    """Return what is shown, without what nobody is shown."""
    execution = decode_execution(each.json.encode())
    assert execution is not None
    assert (execution.id, execution.version) == (each.id, each.version)
    return execution
