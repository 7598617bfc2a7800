"""OrderCancelRequest(F) and OrderCancelReplaceRequest(G): what can be said before the desk decides.

An order has one request at a time. OrigClOrdID(41) may be any ClOrdID of the order, unless that was
refused: it is always clear which order is meant.
"""

from msgspec.structs import replace

from fixengine.fix.message import Message
from fixengine.trading import asking, tags
from fixengine.trading.agreeing import check_names, new_terms
from fixengine.trading.agreement import OrderAgreement
from fixengine.trading.notes import Notes
from fixengine.trading.objections import MiswrittenError, ObjectionError, Why
from fixengine.trading.refusals import RefusalWriter
from fixengine.trading.reports import ReportWriter, event_id
from fixengine.trading.values import FixRequest, Known, RequestKind, RequestState, Standing


class Requesting:
    """Answers requests of a session to cancel and replace."""

    def __init__(
        self, agreement: OrderAgreement, *, reports: ReportWriter, refusals: RefusalWriter
    ) -> None:
        self._agreement = agreement
        self._reports = reports
        self._refusals = refusals

    def answer(self, kind: RequestKind, message: Message, notes: Notes) -> None:
        """Answer one."""
        cl_ord_id = message.get(tags.CL_ORD_ID) or b""
        original = message.get(tags.ORIG_CL_ORD_ID) or b""
        seen, target = notes.known(cl_ord_id), _target(notes.known(original))
        request = FixRequest(
            session_id=self._agreement.session_id,
            cl_ord_id=cl_ord_id,
            execution_id=None if target is None else target.execution.id,
            kind=kind,
            state=RequestState.REFUSED,  # unless it turns out to be good
            asked_at=notes.now,
        )
        try:
            if seen is None:
                self._take(message, request, target, notes)
            else:
                self._take_again(message, seen, notes)
        except MiswrittenError as error:
            notes.reply(self._refusals.field(message, error.fault))
        except ObjectionError as error:
            if seen is None and asking.is_kept(cl_ord_id):
                notes.keep(Known(request=request, standing=target))
            refusal = self._refusals.request(request, error, original=original, known=target)
            notes.reply(refusal)

    def _take(
        self, message: Message, request: FixRequest, target: Standing | None, notes: Notes
    ) -> None:
        asking.text(message, tags.CL_ORD_ID)
        if target is None:
            raise ObjectionError(
                Why.UNKNOWN_ORDER,
                "no order has this OrigClOrdID(41): give the ClOrdID(11) of its last report",
            )
        order, execution, _ = target
        if order.pending_cl_ord_id is not None:
            raise ObjectionError(
                Why.PENDING, "an earlier request for the order is pending: wait for its answer"
            )
        if not execution.is_open:
            raise ObjectionError(Why.TOO_LATE, asking.DONE)
        check_names(message, order, execution)
        asked = replace(request, state=RequestState.PENDING)
        if request.kind is RequestKind.REPLACE:
            terms = new_terms(message, order, execution, self._agreement.day)
            asked = replace(asked, quantity=terms.quantity, limit_price=terms.limit_price)
        order = replace(order, pending_cl_ord_id=asked.cl_ord_id, pending_kind=asked.kind)
        notes.keep(Known(request=asked, standing=Standing(order, execution)))
        notes.change(order)
        exec_id = event_id(self._agreement.session_id, notes.now, message)
        notes.reply(self._reports.pending(order, execution, exec_id=exec_id, at=notes.now))

    def _take_again(self, message: Message, seen: Known, notes: Notes) -> None:
        """Answer a request that the client may have sent before, if it says so."""
        if seen.standing is None or not message.is_set(tags.POSS_RESEND):
            raise ObjectionError(Why.DUPLICATE, asking.SEEN_BEFORE)
        asked = seen.request.cl_ord_id
        notes.reply(self._reports.state(seen.standing, asked=asked))


def _target(known: Known | None) -> Standing | None:
    """Return the order that is known, None where there is none."""
    if known is None or known.request.state is RequestState.REFUSED:
        return None
    return known.standing
