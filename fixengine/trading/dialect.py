"""What the versions of FIX say in different ways; it follows from the dictionary of each.

FIX 4.2 knows no Trade and no OrderStatus in ExecType(150): there it says whether the order is full,
and ExecTransType(20) tells a status from an event. It also lists fewer reasons.
"""

from fixengine.fix.dictionary import Dictionary
from fixengine.fix.message import Field
from fixengine.trading import tags
from fixengine.trading.codes import CxlRejReason, ExecType, OrdRejReason, OrdStatus


class Dialect:
    """How a version writes what all versions mean."""

    def __init__(self, dictionary: Dictionary) -> None:
        fields = dictionary.fields
        self._exec_types = fields[tags.EXEC_TYPE].codes
        self._statuses = fields[tags.ORD_STATUS].codes
        self._order_reasons = fields[tags.ORD_REJ_REASON].codes
        self._cancel_reasons = fields[tags.CXL_REJ_REASON].codes
        told_apart = tags.EXEC_TRANS_TYPE in fields
        self._event: tuple[Field, ...] = ((tags.EXEC_TRANS_TYPE, b"0"),) if told_apart else ()
        self._status: tuple[Field, ...] = ((tags.EXEC_TRANS_TYPE, b"3"),) if told_apart else ()

    def event(self, exec_type: bytes, *, status: bytes, is_full: bool) -> tuple[Field, ...]:
        """Return the fields that name an event, and OrdStatus(39) after it."""
        if exec_type == ExecType.TRADE and exec_type not in self._exec_types:
            exec_type = OrdStatus.FILLED if is_full else OrdStatus.PARTIALLY_FILLED
        elif (
            exec_type == OrdStatus.REPLACED
            and exec_type in self._statuses
            and status == OrdStatus.NEW
        ):
            status = OrdStatus.REPLACED
        return (*self._event, (tags.EXEC_TYPE, exec_type), (tags.ORD_STATUS, status))

    def state(self, status: bytes) -> tuple[Field, ...]:
        """Return the fields that tell a status, of which nothing has happened."""
        exec_type = ExecType.ORDER_STATUS
        if exec_type not in self._exec_types:
            exec_type = status
        return (*self._status, (tags.EXEC_TYPE, exec_type), (tags.ORD_STATUS, status))

    def order_reason(self, reason: bytes) -> Field:
        """Return OrdRejReason(103), the broker's choice where it does not list the reason."""
        listed = reason in self._order_reasons
        return tags.ORD_REJ_REASON, reason if listed else OrdRejReason.BROKER_OPTION

    def cancel_reason(self, reason: bytes) -> Field:
        """Return CxlRejReason(102), likewise."""
        listed = reason in self._cancel_reasons
        return tags.CXL_REJ_REASON, reason if listed else CxlRejReason.BROKER_OPTION
