"""The application of a client's session: it enters orders, and hears what becomes of them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from fixengine.fix.faults import Fault, Reason
from fixengine.fix.message import Message
from fixengine.fix.tags import REJECT
from fixengine.trading import asking, codes, tags
from fixengine.trading.agreement import OrderAgreement, SymbolTable
from fixengine.trading.application import Needs
from fixengine.trading.codes import BusinessRejectReason
from fixengine.trading.entering import Entering
from fixengine.trading.notes import Notes
from fixengine.trading.refusals import RefusalWriter
from fixengine.trading.reports import ReportWriter
from fixengine.trading.requesting import Requesting
from fixengine.trading.statuses import Statuses
from fixengine.trading.telling import Telling
from fixengine.trading.values import (
    Decision,
    Evaluated,
    ListingPage,
    Look,
    Refused,
    RequestKind,
)

_NAMED = (tags.CL_ORD_ID, tags.ORIG_CL_ORD_ID)
_ROUTED = (tags.ON_BEHALF_OF_COMP_ID, tags.DELIVER_TO_COMP_ID)
_SILENT = {REJECT, codes.BUSINESS_REJECT}  # what is refused is not answered by a refusal


class OrderEntry:
    """Answers each type of message by the part that knows it; it keeps nothing of its own."""

    def __init__(self, agreement: OrderAgreement, symbols: SymbolTable) -> None:
        self._reports = ReportWriter(agreement.dictionary)
        self._refusals = refusals = RefusalWriter(agreement.dictionary)
        entering = Entering(agreement, symbols, reports=self._reports, refusals=refusals)
        requesting = Requesting(agreement, reports=self._reports, refusals=refusals)
        self._statuses = Statuses(symbols, reports=self._reports, refusals=refusals)
        self._answers: Mapping[bytes, Callable[[Message, Notes], None]] = {
            codes.NEW_ORDER: entering.answer,
            codes.CANCEL_REQUEST: partial(requesting.answer, RequestKind.CANCEL),
            codes.REPLACE_REQUEST: partial(requesting.answer, RequestKind.REPLACE),
            codes.STATUS_REQUEST: self._statuses.answer_one,
            codes.MASS_STATUS_REQUEST: self._statuses.answer_all,
        }

    def needs(self, messages: Sequence[Message]) -> Needs:
        """Say what to look up before `decide`."""
        kinds = [each.kind for each in messages]
        given = (each.get(tag) for each in messages if each.kind in self._answers for tag in _NAMED)
        return Needs(
            cl_ord_ids=frozenset(each for each in given if each and asking.is_kept(each)),
            new_orders=kinds.count(codes.NEW_ORDER),
        )

    def decide(self, messages: Sequence[Message], look: Look) -> Decision:
        """Answer messages that were delivered together, each in its turn."""
        notes = Notes(look)
        for message in messages:
            answer = self._answers.get(message.kind)
            if answer is None:
                self._not_spoken(message, notes)
            elif party := next(filter(message.get, _ROUTED), None):
                # or another firm's order would be the client's own: FIX 4.4, volume 2, test cases
                notes.reply(self._refusals.field(message, Fault(Reason.COMP_ID, party)))
            else:
                answer(message, notes)
        return notes.decision()

    def tell(self, waiting: Sequence[Evaluated | Refused]) -> Decision:
        """Report what became of orders, in this order."""
        return Telling(reports=self._reports, refusals=self._refusals).tell(waiting)

    def tell_status(self, page: ListingPage) -> Decision:
        """Tell of some of the orders that a mass status asked for."""
        return self._statuses.tell(page)

    def _not_spoken(self, message: Message, notes: Notes) -> None:
        if message.kind not in _SILENT:
            text = b"messages of this type are not served: send D, F, G, H or AF"
            reason = BusinessRejectReason.UNSUPPORTED_TYPE
            notes.reply(self._refusals.message(message, reason, text))
