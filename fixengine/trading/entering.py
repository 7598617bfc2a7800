"""NewOrderSingle(D): an order enters, is refused, or was there before."""

from decimal import Decimal

from fixengine.fix.message import Message
from fixengine.rules.values import Execution, Order, Status
from fixengine.trading import asking, echo, tags, unserved
from fixengine.trading.agreement import OrderAgreement, SymbolTable
from fixengine.trading.lasting import ending
from fixengine.trading.notes import Notes
from fixengine.trading.objections import MiswrittenError, ObjectionError, Why
from fixengine.trading.refusals import RefusalWriter
from fixengine.trading.reports import ReportWriter, event_id
from fixengine.trading.values import (
    Draft,
    FixOrder,
    FixRequest,
    Known,
    NewOrder,
    RequestKind,
    RequestState,
    Standing,
)

_WAS_REFUSED = ObjectionError(Why.OTHER, "this order was refused")
_SEEN_BEFORE = ObjectionError(Why.DUPLICATE, asking.SEEN_BEFORE)


class Entering:
    """Answers new orders of a session."""

    def __init__(
        self,
        agreement: OrderAgreement,
        symbols: SymbolTable,
        *,
        reports: ReportWriter,
        refusals: RefusalWriter,
    ) -> None:
        self._agreement = agreement
        self._symbols = symbols
        self._reports = reports
        self._refusals = refusals

    def answer(self, message: Message, notes: Notes) -> None:
        """Answer one."""
        cl_ord_id = message.get(tags.CL_ORD_ID) or b""
        known = notes.known(cl_ord_id)
        if known is not None:
            notes.reply(self._again(message, known, notes))
            return
        try:
            new = self._order(message, notes)
        except MiswrittenError as error:
            notes.reply(self._refusals.field(message, error.fault))
        except ObjectionError as error:
            if asking.is_kept(cl_ord_id):
                refused = self._request(cl_ord_id, None, RequestState.REFUSED, notes)
                notes.keep(Known(request=refused))
            notes.reply(self._refused(message, error, notes))
        else:
            execution = entered(new)
            request = self._request(cl_ord_id, execution.id, RequestState.DONE, notes)
            notes.enter(new)
            notes.keep(Known(request=request, standing=Standing(new.fix, execution)))
            notes.reply(self._reports.taken(new.fix, execution))

    def _order(self, message: Message, notes: Notes) -> NewOrder:
        cl_ord_id = asking.text(message, tags.CL_ORD_ID) or b""
        account, echoed = asking.text(message, tags.ACCOUNT), echo.kept(message)
        unserved.check(message)
        security = asking.instrument(message, self._symbols)
        trade_type = asking.trade_type(message)
        terms = asking.terms(message)
        until = ending(message, self._agreement.day, notes.now)
        execution_id, number = notes.next_numbers()
        order = Order(
            id=number,
            trade_type=trade_type,
            destination=self._agreement.destination,
            security_id=security.security_id,
            quantity=terms.quantity,
            limit_price=terms.limit_price,
            received_timestamp=notes.now,
            version=1,
            expires_at=until.expires_at,
            time_in_force=until.time_in_force,
        )
        fix = FixOrder(
            execution_id=execution_id,
            session_id=self._agreement.session_id,
            cl_ord_id=cl_ord_id,
            account=account,
            side=message.get(tags.SIDE) or b"",
            time_in_force=until.code,
            echoed=echoed,
        )
        return NewOrder(execution_id=execution_id, ticker=security.ticker, order=order, fix=fix)

    def _again(self, message: Message, known: Known, notes: Notes) -> Draft:
        """Answer an order whose ClOrdID is known: the client may have sent it before."""
        cl_ord_id, standing = known.request.cl_ord_id, known.standing
        is_resent = message.is_set(tags.POSS_RESEND) and known.request.kind is RequestKind.NEW
        if standing is None:
            if is_resent:
                return self._refusals.state(message, _WAS_REFUSED, at=notes.now)
            return self._refused(message, _SEEN_BEFORE, notes)
        if is_resent:
            return self._reports.state(standing, asked=cl_ord_id)
        exec_id = event_id(self._agreement.session_id, notes.now, message)
        return self._reports.refused(
            standing, _SEEN_BEFORE, cl_ord_id=cl_ord_id, exec_id=exec_id, at=notes.now
        )

    def _refused(self, message: Message, objection: ObjectionError, notes: Notes) -> Draft:
        exec_id = event_id(self._agreement.session_id, notes.now, message)
        return self._refusals.order(message, objection, exec_id=exec_id, at=notes.now)

    def _request(
        self, cl_ord_id: bytes, execution_id: int | None, state: RequestState, notes: Notes
    ) -> FixRequest:
        return FixRequest(
            session_id=self._agreement.session_id,
            cl_ord_id=cl_ord_id,
            execution_id=execution_id,
            kind=RequestKind.NEW,
            state=state,
            asked_at=notes.now,
        )


def entered(new: NewOrder) -> Execution:
    """Return the execution that an order begins as."""
    order = new.order
    return Execution(
        id=new.execution_id,
        execution_service_id=order.id,
        is_open=True,
        execution_status=Status.WORK,
        trade_type=order.trade_type,
        destination=order.destination,
        security_id=order.security_id,
        ticker=new.ticker,
        quantity_ordered=order.quantity,
        limit_price=order.limit_price,
        received_timestamp=order.received_timestamp,
        sent_timestamp=order.received_timestamp,
        last_fill_timestamp=None,
        quantity_filled=Decimal(0),
        next_fill_timestamp=None,
        number_of_fills=0,
        total_amount=Decimal(0),
        trade_service_execution_id=None,
        version=order.version,
        expires_at=order.expires_at,
        time_in_force=order.time_in_force,
    )
