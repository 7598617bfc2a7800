"""ExecutionReport(8) of an order: what its client is told of it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from fixengine.fix.dictionary import Dictionary
from fixengine.fix.formats import write_timestamp
from fixengine.fix.message import Field, Message
from fixengine.fix.tags import MSG_SEQ_NUM, TEXT
from fixengine.rules.decimals import average_price, plain
from fixengine.rules.values import ChangeKind, Execution, Fill
from fixengine.trading import codes, echo, tags
from fixengine.trading.codes import ExecType, OrdStatus, OrdType, Tif
from fixengine.trading.dialect import Dialect
from fixengine.trading.objections import ObjectionError
from fixengine.trading.status import status_of
from fixengine.trading.values import Draft, FixOrder, Standing

NO_EXEC_ID = b"0"
"""ExecID(17) of a status, which tells of no event: the standard's."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BROKERS_CHOICE = (tags.EXEC_RESTATEMENT_REASON, b"4")


class ReportWriter:
    """Writes the reports of a version of FIX."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dialect = Dialect(dictionary)

    def taken(self, order: FixOrder, execution: Execution) -> Draft:
        """Tell that an order entered."""
        event = self._dialect.event(OrdStatus.NEW, status=OrdStatus.NEW, is_full=False)
        head = (*ids(order.cl_ord_id), (tags.EXEC_ID, b"%d-0" % execution.id), *event)
        fields = _report(order, execution, head, at=execution.received_timestamp)
        return Draft(
            kind=codes.EXECUTION_REPORT, fields=fields, execution_id=execution.id, number=0
        )

    def evaluated(
        self,
        order: FixOrder,
        fill: Fill,
        exec_type: bytes,
        *,
        kind: ChangeKind | None = None,
        original: bytes | None = None,
        text: bytes | None = None,
    ) -> Draft:
        """Tell of a fill or a change of this kind, of which `order` is as it is after it.

        `original` is the ClOrdID that was in force before a change that the client asked for.
        """
        execution = fill.execution
        number = execution.number_of_fills
        status = status_of(Standing(order, execution, kind))
        event = self._dialect.event(exec_type, status=status, is_full=execution.remaining <= 0)
        exec_id = (tags.EXEC_ID, b"%d-%d" % (execution.id, number))
        more: list[Field] = []
        if exec_type == ExecType.TRADE:
            more.append((tags.LAST_QTY, _number(fill.quantity)))
            if fill.price is not None:  # else it was lost with a database
                more.append((tags.LAST_PX, _number(fill.price)))
        elif exec_type == ExecType.RESTATED:
            more.append(_BROKERS_CHOICE)
        if text is not None:
            more.append((TEXT, text))
        fields = _report(
            order,
            execution,
            (*ids(order.cl_ord_id, original), exec_id, *event),
            at=execution.last_fill_timestamp or execution.received_timestamp,
            more=more,
        )
        return Draft(
            kind=codes.EXECUTION_REPORT, fields=fields, execution_id=execution.id, number=number
        )

    def pending(
        self, order: FixOrder, execution: Execution, *, exec_id: bytes, at: datetime
    ) -> Draft:
        """Tell that the request of an order that is pending is being decided."""
        status = status_of(Standing(order, execution))
        event = self._dialect.event(status, status=status, is_full=False)
        named = ids(order.pending_cl_ord_id or order.cl_ord_id, order.cl_ord_id)
        head = (*named, (tags.EXEC_ID, exec_id), *event)
        return Draft(kind=codes.EXECUTION_REPORT, fields=_report(order, execution, head, at=at))

    def state(self, standing: Standing, *, asked: bytes, more: tuple[Field, ...] = ()) -> Draft:
        """Tell how an order stands; `asked` is the ClOrdID by which the client knows it.

        The report has the one in force, or the one that is pending where that was asked for.
        """
        order, execution, _ = standing
        named = (
            ids(asked, order.cl_ord_id)
            if asked == order.pending_cl_ord_id
            else ids(order.cl_ord_id, None if asked == order.cl_ord_id else asked)
        )
        state = self._dialect.state(status_of(standing))
        head = (*named, *more, (tags.EXEC_ID, NO_EXEC_ID), *state)
        at = execution.last_fill_timestamp or execution.received_timestamp
        return Draft(kind=codes.EXECUTION_REPORT, fields=_report(order, execution, head, at=at))

    def refused(
        self,
        standing: Standing,
        objection: ObjectionError,
        *,
        cl_ord_id: bytes,
        exec_id: bytes,
        at: datetime,
    ) -> Draft:
        """Refuse another order because of this one, and tell how this one stands."""
        order, execution, _ = standing
        status = status_of(standing)
        event = self._dialect.event(OrdStatus.REJECTED, status=status, is_full=False)
        reason = self._dialect.order_reason(objection.why.of_order)
        head = (*ids(cl_ord_id), (tags.EXEC_ID, exec_id), *event, reason)
        fields = _report(order, execution, head, at=at, more=[(TEXT, objection.text)])
        return Draft(kind=codes.EXECUTION_REPORT, fields=fields)


def event_id(session_id: int, now: datetime, message: Message) -> bytes:
    """Return an ExecID(17), unique for ever, of an event that is no evaluation.

    A message's number is unique until the session begins at 1 again, which takes time.
    """
    number = message.get(MSG_SEQ_NUM) or b"0"
    return b"%d.%d.%b" % (session_id, (now - _EPOCH) // _MICROSECOND, number)


def ids(cl_ord_id: bytes, original: bytes | None = None) -> tuple[Field, ...]:
    """Return ClOrdID(11), and OrigClOrdID(41) if there is one."""
    named = (tags.CL_ORD_ID, cl_ord_id)
    return (named,) if original is None else (named, (tags.ORIG_CL_ORD_ID, original))


def _report(
    order: FixOrder,
    execution: Execution,
    head: tuple[Field, ...],
    *,
    at: datetime,
    more: list[Field] | None = None,
) -> tuple[Field, ...]:
    limit = execution.limit_price
    fields = [
        (tags.ORDER_ID, b"%d" % execution.id),
        *head,
        (tags.SYMBOL, execution.ticker.encode()),
        (tags.SIDE, order.side),
        (tags.ORDER_QTY, _number(execution.quantity_ordered)),
        (tags.ORD_TYPE, OrdType.MARKET if limit is None else OrdType.LIMIT),
        (tags.TIME_IN_FORCE, order.time_in_force),
        (tags.LEAVES_QTY, _number(execution.remaining) if execution.is_open else b"0"),
        (tags.CUM_QTY, _number(execution.quantity_filled)),
        (tags.AVG_PX, _number(average_price(execution) or Decimal(0))),
        (tags.TRANSACT_TIME, write_timestamp(at)),
    ]
    if order.account is not None:
        fields.append((tags.ACCOUNT, order.account))
    if limit is not None:
        fields.append((tags.PRICE, _number(limit)))
    if order.time_in_force == Tif.GOOD_TILL_DATE and execution.expires_at is not None:
        fields.append((tags.EXPIRE_TIME, write_timestamp(execution.expires_at)))
    return (*fields, *echo.fields(order.echoed), *(more or ()))


def _number(decimal: Decimal) -> bytes:
    return plain(decimal).encode()
