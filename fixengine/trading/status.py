"""OrdStatus(39): where an order is in several states, the one with the highest precedence.

Pending Cancel comes before Pending Replace, then Filled, then Canceled and Expired, then Partially
Filled, then New: FIX 4.4, appendix D.
"""

from fixengine.rules.values import ChangeKind
from fixengine.trading.codes import OrdStatus, Tif
from fixengine.trading.values import FixOrder, RequestKind, Standing

_PENDING = {
    RequestKind.CANCEL: OrdStatus.PENDING_CANCEL,
    RequestKind.REPLACE: OrdStatus.PENDING_REPLACE,
}
_UNTIL_A_TIME = {Tif.DAY, Tif.GOOD_TILL_DATE}


def status_of(standing: Standing) -> bytes:
    """Return the status of an order, as the client was told.

    What was cancelled after its time was over, and before anybody had ended it, has not expired.
    """
    order, execution, closed_by = standing
    if order.pending_kind is not None:
        return _PENDING[order.pending_kind]
    if execution.is_open:
        return OrdStatus.PARTIALLY_FILLED if execution.quantity_filled > 0 else OrdStatus.NEW
    if execution.remaining <= 0:
        return OrdStatus.FILLED
    return end_of(order) if closed_by is ChangeKind.EXPIRE else OrdStatus.CANCELED


def end_of(order: FixOrder) -> bytes:
    """Return what becomes of an order whose time is over: what is filled at once does not expire.

    What remains of an order that is filled at once, or not at all, is cancelled: the notes of
    FIX 4.4, appendix D.
    """
    return OrdStatus.EXPIRED if order.time_in_force in _UNTIL_A_TIME else OrdStatus.CANCELED
