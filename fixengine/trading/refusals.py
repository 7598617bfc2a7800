"""What is refused, by the message that the standard has for it.

An order, and a status of one that nobody knows: ExecutionReport(8). A request to cancel or replace:
OrderCancelReject(9). A message of a type that is not spoken: BusinessMessageReject(j). What is not
written as its type wants it: Reject(3), as the session does.
"""

from datetime import datetime

from fixengine.fix import reject
from fixengine.fix import tags as session_tags
from fixengine.fix.dictionary import Dictionary
from fixengine.fix.faults import Fault
from fixengine.fix.formats import write_timestamp
from fixengine.fix.message import Field, Message, whole
from fixengine.trading import codes, echo, tags
from fixengine.trading.codes import OrdStatus
from fixengine.trading.dialect import Dialect
from fixengine.trading.objections import ObjectionError
from fixengine.trading.reports import NO_EXEC_ID, ids
from fixengine.trading.status import status_of
from fixengine.trading.values import Draft, FixRequest, RequestKind, Standing

_ECHOED = (
    tags.CL_ORD_ID,
    tags.ACCOUNT,
    tags.SYMBOL,
    tags.SIDE,
    tags.ORDER_QTY,
    tags.ORD_TYPE,
    tags.PRICE,
    tags.TIME_IN_FORCE,
    *sorted(echo.ECHOED),
)
_RESPONSE_TO = {RequestKind.CANCEL: b"1", RequestKind.REPLACE: b"2"}


class RefusalWriter:
    """Writes the refusals of a version of FIX."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary
        self._dialect = Dialect(dictionary)

    def order(
        self, message: Message, objection: ObjectionError, *, exec_id: bytes, at: datetime
    ) -> Draft:
        """Refuse an order, of which nothing is left but this."""
        event = self._dialect.event(OrdStatus.REJECTED, status=OrdStatus.REJECTED, is_full=False)
        return self._of_nothing(message, objection, ((tags.EXEC_ID, exec_id), *event), at)

    def state(
        self,
        message: Message,
        objection: ObjectionError,
        *,
        at: datetime,
        more: tuple[Field, ...] = (),
    ) -> Draft:
        """Tell that there is no order of which the status was asked."""
        state = self._dialect.state(OrdStatus.REJECTED)
        head = ((tags.EXEC_ID, NO_EXEC_ID), *state, *more)
        return self._of_nothing(message, objection, head, at)

    def request(
        self,
        request: FixRequest,
        objection: ObjectionError,
        *,
        original: bytes,
        known: Standing | None,
    ) -> Draft:
        """Refuse a request to cancel or replace an order, None where nobody knows it.

        OrigClOrdID(41) is then as given, and otherwise the one in force.
        """
        fields = (
            (tags.ORDER_ID, codes.NO_ORDER if known is None else b"%d" % known.execution.id),
            *ids(request.cl_ord_id, original if known is None else known.order.cl_ord_id),
            (tags.ORD_STATUS, OrdStatus.REJECTED if known is None else status_of(known)),
            (tags.CXL_REJ_RESPONSE_TO, _RESPONSE_TO[request.kind]),
            self._dialect.cancel_reason(objection.why.of_request),
            (session_tags.TEXT, objection.text),
        )
        return Draft(kind=codes.CANCEL_REJECT, fields=fields)

    def message(self, message: Message, reason: bytes, text: bytes) -> Draft:
        """Refuse a message of a type that is not spoken, or that can't be answered."""
        number = message.get(session_tags.MSG_SEQ_NUM)
        fields = (
            *(() if number is None else ((session_tags.REF_SEQ_NUM, number),)),
            (session_tags.REF_MSG_TYPE, message.kind),
            (tags.BUSINESS_REJECT_REASON, reason),
            (session_tags.TEXT, text),
        )
        return Draft(kind=codes.BUSINESS_REJECT, fields=fields)

    def field(self, message: Message, fault: Fault) -> Draft:
        """Refuse a message as the session does that has found a field miswritten."""
        seq = whole(message.get(session_tags.MSG_SEQ_NUM)) or 0
        fields = reject.fields(message, fault, seq, self._dictionary)
        return Draft(kind=session_tags.REJECT, fields=fields)

    def _of_nothing(
        self,
        message: Message,
        objection: ObjectionError,
        head: tuple[Field, ...],
        at: datetime,
    ) -> Draft:
        given = {tag: value for tag in _ECHOED if (value := message.get(tag)) is not None}
        # which a report has to have: the symbol by the dictionaries of clients, if not by ours
        given.setdefault(tags.SYMBOL, codes.NO_SYMBOL)
        given.setdefault(tags.SIDE, codes.Side.UNDISCLOSED)
        fields = (
            (tags.ORDER_ID, codes.NO_ORDER),
            *head,
            self._dialect.order_reason(objection.why.of_order),
            *given.items(),
            (tags.LEAVES_QTY, b"0"),
            (tags.CUM_QTY, b"0"),
            (tags.AVG_PX, b"0"),
            (tags.TRANSACT_TIME, write_timestamp(at)),
            (session_tags.TEXT, objection.text),
        )
        return Draft(kind=codes.EXECUTION_REPORT, fields=fields)
