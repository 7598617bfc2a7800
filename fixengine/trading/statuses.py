"""OrderStatusRequest(H), OrderMassStatusRequest(AF): how orders stand, as the client was told."""

from datetime import datetime

from fixengine.fix.message import Field, Message
from fixengine.trading import asking, tags
from fixengine.trading.agreement import SymbolTable
from fixengine.trading.codes import BusinessRejectReason
from fixengine.trading.notes import Notes
from fixengine.trading.objections import ObjectionError, Why
from fixengine.trading.refusals import RefusalWriter
from fixengine.trading.reports import ReportWriter
from fixengine.trading.values import Decision, Draft, Listing, ListingPage

MOST_LISTED = 100_000
"""A mass status is refused where more orders than that are open: their numbers are in memory."""

_OF_A_SECURITY, _OF_ALL = b"1", b"7"


class Statuses:
    """Answers a session's questions for the status of orders."""

    def __init__(
        self, symbols: SymbolTable, *, reports: ReportWriter, refusals: RefusalWriter
    ) -> None:
        self._symbols = symbols
        self._reports = reports
        self._refusals = refusals

    def answer_one(self, message: Message, notes: Notes) -> None:
        """Tell of the order of a ClOrdID."""
        asked = message.get(tags.CL_ORD_ID) or b""
        known = notes.known(asked)
        given = message.get(tags.ORD_STATUS_REQ_ID)
        more = () if given is None else ((tags.ORD_STATUS_REQ_ID, given),)
        if known is None or known.standing is None:
            unknown = ObjectionError(Why.UNKNOWN_ORDER, "no order has this ClOrdID(11)")
            notes.reply(self._refusals.state(message, unknown, at=notes.now, more=more))
        else:
            notes.reply(self._reports.state(known.standing, asked=asked, more=more))

    def answer_all(self, message: Message, notes: Notes) -> None:
        """Begin to tell of all open orders, or of those of a security, which is all that is served.

        They are told page by page, of which each is stored by itself: nobody waits for all of them.
        """
        kind, security_id = message.get(tags.MASS_STATUS_REQ_TYPE), None
        if kind not in (_OF_ALL, _OF_A_SECURITY):
            text = b"MassStatusReqType(585) is not served: give 7 (all) or 1 (of a security)"
            notes.reply(self._refused(message, text))
            return
        if not asking.is_kept(message.get(tags.MASS_STATUS_REQ_ID) or b""):
            text = b"MassStatusReqID(584) has more than %d bytes: shorten it" % asking.LONGEST_TEXT
            notes.reply(self._refused(message, text))
            return
        if kind == _OF_A_SECURITY:
            try:
                security_id = asking.instrument(message, self._symbols).security_id
            except ObjectionError as error:
                notes.reply(self._none(message, error, notes.now))
                return
        notes.list_open(Listing(message=message, asked_at=notes.now, security_id=security_id))

    def tell(self, page: ListingPage) -> Decision:
        """Tell of a page of open orders; the first one refuses, or says that there are none."""
        message, total = page.listing.message, page.total
        if total > MOST_LISTED:
            text = b"more than %d orders are open: ask for each of them" % MOST_LISTED
            return Decision(replies=(self._refused(message, text),))
        if not total:
            none = ObjectionError(Why.UNKNOWN_ORDER, "the session has no such open order")
            return Decision(replies=(self._none(message, none, page.listing.asked_at),))
        return Decision(
            replies=tuple(
                self._reports.state(
                    each, asked=each.order.cl_ord_id, more=_place(message, number, total)
                )
                for number, each in enumerate(page.orders, page.first)
            )
        )

    def _refused(self, message: Message, text: bytes) -> Draft:
        return self._refusals.message(message, BusinessRejectReason.OTHER, text)

    def _none(self, message: Message, objection: ObjectionError, at: datetime) -> Draft:
        return self._refusals.state(message, objection, at=at, more=_place(message, 0, 0))


def _place(message: Message, number: int, total: int) -> tuple[Field, ...]:
    """Return what a report says of its place among those that answer a request."""
    return (
        (tags.MASS_STATUS_REQ_ID, message.get(tags.MASS_STATUS_REQ_ID) or b""),
        (tags.TOT_NUM_REPORTS, b"%d" % total),
        (tags.LAST_RPT_REQUESTED, b"Y" if number == total else b"N"),
    )
