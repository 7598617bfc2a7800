"""The values of coded fields, and the types of messages, that orders and reports have.

The standard's names are used, of FIX 4.4 where 4.2 has another.
"""

NEW_ORDER, CANCEL_REQUEST, REPLACE_REQUEST = b"D", b"F", b"G"
STATUS_REQUEST, MASS_STATUS_REQUEST = b"H", b"AF"
EXECUTION_REPORT, CANCEL_REJECT, BUSINESS_REJECT = b"8", b"9", b"j"

NO_ORDER = b"NONE"
"""OrderID(37) where there is no order."""

NO_SYMBOL = b"[N/A]"
"""Symbol(55) where SecurityID(48) names the security, or nothing does: the standard's."""


class Side:
    """Side(54)."""

    BUY, SELL, SELL_SHORT = b"1", b"2", b"5"
    UNDISCLOSED = b"7"


class OrdType:
    """OrdType(40)."""

    MARKET, LIMIT = b"1", b"2"


class Tif:
    """TimeInForce(59)."""

    DAY, GOOD_TILL_CANCEL, IMMEDIATE_OR_CANCEL = b"0", b"1", b"3"
    FILL_OR_KILL, GOOD_TILL_DATE = b"4", b"6"


class OrdStatus:
    """OrdStatus(39); ExecType(150) has the same codes for the events that lead to them."""

    NEW, PARTIALLY_FILLED, FILLED, CANCELED, REPLACED = b"0", b"1", b"2", b"4", b"5"
    PENDING_CANCEL, REJECTED, EXPIRED, PENDING_REPLACE = b"6", b"8", b"C", b"E"


class ExecType:
    """What ExecType(150) has and OrdStatus(39) has not."""

    RESTATED, TRADE, ORDER_STATUS = b"D", b"F", b"I"


class OrdRejReason:
    """OrdRejReason(103)."""

    BROKER_OPTION, UNKNOWN_SYMBOL, TOO_LATE, UNKNOWN_ORDER, DUPLICATE = b"0", b"1", b"4", b"5", b"6"
    UNSUPPORTED, INCORRECT_QUANTITY, OTHER = b"11", b"13", b"99"


class CxlRejReason:
    """CxlRejReason(102)."""

    TOO_LATE, UNKNOWN_ORDER, BROKER_OPTION, ALREADY_PENDING = b"0", b"1", b"2", b"3"
    DUPLICATE, OTHER = b"6", b"99"


class BusinessRejectReason:
    """BusinessRejectReason(380)."""

    OTHER, UNSUPPORTED_TYPE = b"0", b"3"
