"""Reports out: what became of orders and requests, in the order in which it happened."""

from collections.abc import Iterable

from msgspec.structs import replace

from fixengine.rules.changes import Refusal
from fixengine.rules.values import ChangeKind
from fixengine.trading import asking
from fixengine.trading.codes import ExecType, OrdStatus
from fixengine.trading.objections import ObjectionError, Why
from fixengine.trading.refusals import RefusalWriter
from fixengine.trading.reports import ReportWriter
from fixengine.trading.status import end_of
from fixengine.trading.values import Decision, Draft, Evaluated, FixOrder, Refused, Standing, key_of

_OBJECTIONS = {
    Refusal.UNKNOWN: ObjectionError(Why.UNKNOWN_ORDER, "the order is not kept any more"),
    Refusal.KEY_TAKEN: ObjectionError(Why.DUPLICATE, asking.SEEN_BEFORE),
    Refusal.NO_NUMBER: ObjectionError(Why.OTHER, "a number of the order is damaged: call us"),
    Refusal.MOVED_ON: ObjectionError(Why.OTHER, "the order has moved on: ask again"),
    Refusal.CLOSED: ObjectionError(Why.TOO_LATE, asking.DONE),
    Refusal.FILLED: ObjectionError(Why.TOO_LATE, "more than that is filled: give a larger one"),
    Refusal.AT_ONCE: ObjectionError(
        Why.OTHER, "what is filled at once can't be replaced: cancel it and send a new order"
    ),
}
_SOLICITED = {ChangeKind.CANCEL: OrdStatus.CANCELED, ChangeKind.REPLACE: OrdStatus.REPLACED}


class Telling:
    """Tells a page of what waits; an order changes as its client hears of it."""

    def __init__(self, *, reports: ReportWriter, refusals: RefusalWriter) -> None:
        self._reports = reports
        self._refusals = refusals
        self._replies: list[Draft] = []
        self._orders: dict[int, FixOrder] = {}
        self._done: list[bytes] = []

    def tell(self, waiting: Iterable[Evaluated | Refused]) -> Decision:
        """Tell all of it."""
        told = []
        for each in waiting:
            order = self._orders.get(each.order.execution_id, each.order)
            if isinstance(each, Refused):
                self._refused(each, order)
            else:
                self._evaluated(each, order)
            told.append(each.position)
        return Decision(
            replies=tuple(self._replies),
            orders=tuple(self._orders.values()),
            done=tuple(self._done),
            told=tuple(told),
        )

    def _evaluated(self, each: Evaluated, order: FixOrder) -> None:
        fill, kind = each.fill, each.kind
        pending = order.pending_cl_ord_id
        if kind is None:
            if fill.quantity > 0:
                self._replies.append(self._reports.evaluated(order, fill, ExecType.TRADE))
        elif kind is ChangeKind.EXPIRE:
            self._replies.append(self._reports.evaluated(order, fill, end_of(order), kind=kind))
        elif pending is not None and each.request_key == key_of(order.session_id, pending):
            after = _settled(order, cl_ord_id=pending)
            self._orders[order.execution_id] = after
            self._done.append(pending)
            report = self._reports.evaluated(
                after, fill, _SOLICITED[kind], kind=kind, original=order.cl_ord_id
            )
            self._replies.append(report)
        else:
            event = OrdStatus.CANCELED if kind is ChangeKind.CANCEL else ExecType.RESTATED
            text = b"an operator has cancelled or replaced the order"
            report = self._reports.evaluated(order, fill, event, kind=kind, text=text)
            self._replies.append(report)

    def _refused(self, each: Refused, order: FixOrder) -> None:
        request = each.request
        if order.pending_cl_ord_id == request.cl_ord_id:
            order = _settled(order, cl_ord_id=order.cl_ord_id)
            self._orders[order.execution_id] = order
        objection = _OBJECTIONS[each.refusal]
        known = Standing(order, each.execution, each.closed_by)
        refusal = self._refusals.request(request, objection, original=order.cl_ord_id, known=known)
        self._replies.append(refusal)


def _settled(order: FixOrder, *, cl_ord_id: bytes) -> FixOrder:
    """Return an order of which nothing is pending any more."""
    return replace(order, cl_ord_id=cl_ord_id, pending_cl_ord_id=None, pending_kind=None)
