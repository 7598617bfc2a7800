"""OrdStatus(39): where an order is in several states, the one with the highest precedence.

Pending Cancel comes before Pending Replace, then Filled, then Canceled and Expired, then Partially
Filled, then New: FIX 4.4, appendix D.
"""

from fixengine.rules.values import Execution
from fixengine.trading.codes import OrdStatus, Tif
from fixengine.trading.values import FixOrder, RequestKind

_PENDING = {
    RequestKind.CANCEL: OrdStatus.PENDING_CANCEL,
    RequestKind.REPLACE: OrdStatus.PENDING_REPLACE,
}
_UNTIL_A_TIME = {Tif.DAY, Tif.GOOD_TILL_DATE}


def status_of(order: FixOrder, execution: Execution) -> bytes:
    """Return the status of an order, as the client was told."""
    if order.pending_kind is not None:
        return _PENDING[order.pending_kind]
    if execution.is_open:
        return OrdStatus.PARTIALLY_FILLED if execution.quantity_filled > 0 else OrdStatus.NEW
    if execution.remaining <= 0:
        return OrdStatus.FILLED
    return end_of(order) if _is_over(execution) else OrdStatus.CANCELED


def end_of(order: FixOrder) -> bytes:
    """Return what becomes of an order whose time is over: what is filled at once does not expire.

    What remains of an order that is filled at once, or not at all, is cancelled: the notes of
    FIX 4.4, appendix D.
    """
    return OrdStatus.EXPIRED if order.time_in_force in _UNTIL_A_TIME else OrdStatus.CANCELED


def _is_over(execution: Execution) -> bool:
    """Say whether the time of an execution was over when it ended."""
    ended_at = execution.last_fill_timestamp
    return (
        execution.expires_at is not None
        and ended_at is not None
        and ended_at >= execution.expires_at
    )
