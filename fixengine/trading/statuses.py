"""OrderStatusRequest(H), OrderMassStatusRequest(AF): how orders stand, as the client was told."""

from collections.abc import Sequence

from fixengine.fix.message import Field, Message
from fixengine.trading import asking, tags
from fixengine.trading.agreement import Symbols
from fixengine.trading.codes import BusinessRejectReason
from fixengine.trading.notes import Notes
from fixengine.trading.objections import ObjectionError, Why
from fixengine.trading.refusals import Refusals
from fixengine.trading.reports import Reports
from fixengine.trading.values import Reply, Standing

MOST_REPORTS = 5_000
"""A mass status is refused where more orders than that are open, or where it and those that came
together with it would have more reports: they are stored at once, and other clients wait for it."""

_OF_A_SECURITY, _OF_ALL = b"1", b"7"


class Statuses:
    """Answers a session's questions for the status of orders."""

    def __init__(self, symbols: Symbols, *, reports: Reports, refusals: Refusals) -> None:
        self._symbols = symbols
        self._reports = reports
        self._refusals = refusals

    def answer_one(self, message: Message, notes: Notes) -> None:
        """Tell of the order of a ClOrdID."""
        asked = message.get(tags.CL_ORD_ID) or b""
        known = notes.known(asked)
        given = message.get(tags.ORD_STATUS_REQ_ID)
        more = () if given is None else ((tags.ORD_STATUS_REQ_ID, given),)
        if known is None or known.order is None or known.execution is None:
            unknown = ObjectionError(Why.UNKNOWN_ORDER, "no order has this ClOrdID(11)")
            notes.reply(self._refusals.state(message, unknown, at=notes.now, more=more))
        else:
            notes.reply(self._reports.state(known.order, known.execution, asked=asked, more=more))

    def answer_all(self, message: Message, notes: Notes) -> None:
        """Tell of all open orders, or of those of a security, which is all that is served."""
        kind = message.get(tags.MASS_STATUS_REQ_TYPE)
        orders = tuple(notes.open_orders())
        if kind not in (_OF_ALL, _OF_A_SECURITY):
            text = b"MassStatusReqType(585) is not served: give 7 (all) or 1 (of a security)"
            self._refuse(message, text, notes)
        elif not asking.is_kept(message.get(tags.MASS_STATUS_REQ_ID) or b""):
            text = b"MassStatusReqID(584) has more than %d bytes: shorten it" % asking.LONGEST_TEXT
            self._refuse(message, text, notes)
        elif len(orders) > MOST_REPORTS:
            text = b"more than %d orders are open: ask for each of them" % MOST_REPORTS
            self._refuse(message, text, notes)
        elif kind == _OF_ALL:
            self._tell(message, orders, notes)
        else:
            self._tell_of_security(message, orders, notes)

    def _tell_of_security(self, message: Message, orders: Sequence[Standing], notes: Notes) -> None:
        try:
            security_id = asking.instrument(message, self._symbols).security_id
        except ObjectionError as error:
            notes.reply(self._none(message, error, notes))
        else:
            wanted = [each for each in orders if each.execution.security_id == security_id]
            self._tell(message, wanted, notes)

    def _tell(self, message: Message, orders: Sequence[Standing], notes: Notes) -> None:
        if notes.statuses + len(orders) > MOST_REPORTS:
            text = b"too many requests of this type at once: wait for the answer to each"
            self._refuse(message, text, notes)
            return
        notes.statuses += len(orders)
        if not orders:
            none = ObjectionError(Why.UNKNOWN_ORDER, "the session has no such open order")
            notes.reply(self._none(message, none, notes))
        for number, (order, execution) in enumerate(orders, 1):
            more = _place(message, number, len(orders))
            asked = order.cl_ord_id
            notes.reply(self._reports.state(order, execution, asked=asked, more=more))

    def _refuse(self, message: Message, text: bytes, notes: Notes) -> None:
        notes.reply(self._refusals.message(message, BusinessRejectReason.OTHER, text))

    def _none(self, message: Message, objection: ObjectionError, notes: Notes) -> Reply:
        more = _place(message, 0, 0)
        return self._refusals.state(message, objection, at=notes.now, more=more)


def _place(message: Message, number: int, total: int) -> tuple[Field, ...]:
    """Return what a report says of its place among those that answer a request."""
    return (
        (tags.MASS_STATUS_REQ_ID, message.get(tags.MASS_STATUS_REQ_ID) or b""),
        (tags.TOT_NUM_REPORTS, b"%d" % total),
        (tags.LAST_RPT_REQUESTED, b"Y" if number == total else b"N"),
    )
