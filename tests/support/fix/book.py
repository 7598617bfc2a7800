"""A client's own book: what it asked for, what it was told, and how its orders stand by that."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from fixengine.fix import tags
from fixengine.fix.message import Field, Message
from fixengine.trading import codes
from fixengine.trading.codes import ExecType, OrdStatus
from fixengine.trading.tags import (
    AVG_PX,
    CL_ORD_ID,
    CUM_QTY,
    EXEC_TYPE,
    LEAVES_QTY,
    ORD_STATUS,
    ORDER_ID,
    ORDER_QTY,
    ORIG_CL_ORD_ID,
)

_PENDING = {OrdStatus.PENDING_CANCEL, OrdStatus.PENDING_REPLACE}
_FRAME = {
    8,
    9,
    10,
    43,
    97,
    122,
    tags.MSG_SEQ_NUM,
    tags.SENDER_COMP_ID,
    tags.SENDING_TIME,
    tags.TARGET_COMP_ID,
}

Content = tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an order stands: the ClOrdID in force, and the numbers and the status of its report."""

    cl_ord_id: bytes
    status: bytes
    quantity: Decimal
    filled: Decimal
    leaves: Decimal
    average: Decimal

    @property
    def is_open(self) -> bool:
        """Whether anything of it may still be filled."""
        return self.leaves > 0


@dataclass
class Book:
    """Written by a client's thread.

    `asked` has the kind of message of each ClOrdID that it gave, `orders` the execution of those
    that were in force, `astray` what was told under a ClOrdID that was not.
    """

    asked: dict[bytes, bytes] = field(default_factory=dict)
    told: list[Message] = field(default_factory=list)
    standings: dict[int, Standing] = field(default_factory=dict)
    orders: dict[bytes, int] = field(default_factory=dict)
    astray: list[str] = field(default_factory=list)

    def take(self, message: Message) -> None:
        """Enter what was told."""
        self.told.append(message)
        order = number_of(message)
        if order is not None and message.kind == codes.EXECUTION_REPORT:
            self._report(order, message)
        elif order is not None and message.kind == codes.CANCEL_REJECT:
            self._refusal(order, message)

    def in_force(self, first: bytes) -> bytes:
        """Return the ClOrdID in force of an order that entered by this one."""
        order = self.orders.get(first)
        return first if order is None else self.standings[order].cl_ord_id

    def told_again(self, messages: list[Message]) -> "Book":
        """Return the book of a client that asked for the same, and was told this."""
        book = Book(asked=self.asked)
        for message in messages:
            book.take(message)
        return book

    def contents(self) -> Iterator[tuple[int, Content]]:
        """Yield the number of each message, and what it says."""
        for each in self.told:
            yield int(each.get(tags.MSG_SEQ_NUM) or 0), content(each)

    def _report(self, order: int, message: Message) -> None:
        given, original = message.get(CL_ORD_ID) or b"", message.get(ORIG_CL_ORD_ID)
        event = message.get(EXEC_TYPE)
        in_force = original if event in _PENDING and original is not None else given
        before = self.standings.get(order)
        self.orders.setdefault(in_force, order)
        if event == ExecType.TRADE and before is not None and before.cl_ord_id != given:
            self.astray.append(f"a fill of {order} has {given!r}, in force is {before.cl_ord_id!r}")
        self.standings[order] = Standing(
            cl_ord_id=in_force,
            status=message.get(ORD_STATUS) or b"",
            quantity=_decimal(message, ORDER_QTY),
            filled=_decimal(message, CUM_QTY),
            leaves=_decimal(message, LEAVES_QTY),
            average=_decimal(message, AVG_PX),
        )

    def _refusal(self, order: int, message: Message) -> None:
        """A refusal has the status anew, and nothing else."""
        before = self.standings.get(order)
        if before is not None:
            self.standings[order] = Standing(
                cl_ord_id=before.cl_ord_id,
                status=message.get(ORD_STATUS) or b"",
                quantity=before.quantity,
                filled=before.filled,
                leaves=before.leaves,
                average=before.average,
            )


def number_of(message: Message) -> int | None:
    """Return the execution that a message tells of, None if there is none."""
    given = message.get(ORDER_ID)
    return None if given is None or given == codes.NO_ORDER else int(given)


def content(message: Message) -> Content:
    """Return what a message says, without what is another when it is sent again."""
    return tuple(each for each in message.fields if each[0] not in _FRAME)


def _decimal(message: Message, tag: int) -> Decimal:
    return Decimal((message.get(tag) or b"0").decode())
