"""A client that trades, with a database and an engine in memory behind it.

What the market does are methods, as what the client does. The module is longer than others: it is
one small market.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from msgspec import UNSET
from msgspec.structs import replace

from fixengine.actors.gateway.listings import Listings
from fixengine.fix.message import Message
from fixengine.ports.fix import FixBooks
from fixengine.rules.changes import ChangeRequest, Refusal, change, refusal
from fixengine.rules.fills import FillRules, amount, status_of
from fixengine.rules.trading_day import TradingDay
from fixengine.rules.values import ChangeKind, Execution, Fill
from fixengine.trading.agreement import OrderAgreement
from fixengine.trading.application import Needs
from fixengine.trading.entering import entered
from fixengine.trading.entry import OrderEntry
from fixengine.trading.values import (
    Decision,
    Evaluated,
    FixOrder,
    FixRequest,
    Known,
    Look,
    NewOrder,
    Refused,
    RequestKind,
    RequestState,
    Standing,
    change_request,
)
from tests.support.fix.customer import Book, Customer

IBM, ORCL = "68bda020e3644b42ebcb2bd3", "68bda020e3644b42ebcb2bd4"
END_OF_DAY = datetime(2026, 3, 2, 17, tzinfo=UTC)
_PAGE = 2  # orders of a mass status
_TICKERS = {IBM: "IBM", ORCL: "ORCL"}


class Listed:
    """Two securities."""

    def security_id(self, ticker: str) -> str | None:
        return next((each for each, name in _TICKERS.items() if name == ticker), None)

    def ticker(self, security_id: str) -> str | None:
        return _TICKERS.get(security_id)


class Market(Customer):
    """Plays all that a session has to do with."""

    def __init__(self, version: bytes = b"FIX.4.4", *, session_id: int = 7) -> None:
        super().__init__(version)
        self.orders: dict[int, FixOrder] = {}
        self.requests: dict[bytes, FixRequest] = {}
        self.entered: list[NewOrder] = []
        self._executions: dict[int, Execution] = {}
        self._as_told: dict[int, Execution] = {}
        self._changed_by: dict[int, ChangeKind | None] = {}  # the last evaluation of each
        self._closed_as_told: dict[int, ChangeKind | None] = {}
        self.waiting: list[Evaluated | Refused] = []
        self._numbers = 0
        self._position = 0
        self._undecided: list[FixRequest] = []
        self._session_id = session_id
        agreement = OrderAgreement(
            session_id=session_id,
            dictionary=self.dictionary,
            destination="ML",
            day=TradingDay(ends_at=time(17)),
        )
        self.entry = OrderEntry(agreement, Listed())

    # The client

    def says(self, *texts: str) -> list[str]:
        """Send messages in one read; return what is answered."""
        return self.sends(*(self.message(text) for text in texts))

    def sends(self, *messages: Message) -> list[str]:
        look = self._look(self.entry.needs(messages))
        return self._told(self.entry.decide(messages, look))

    def hears(self) -> list[str]:
        """Be told all that waits."""
        return self._told(self.entry.tell(self._reports()))

    # The market

    def fills(self, cl_ord_id: str, quantity: int | str | Decimal, price: str = "10") -> None:
        """Fill so much of an order."""
        before = self.execution(cl_ord_id)
        self._happens(filled(before, Decimal(quantity), Decimal(price), now=self.now))

    def evaluates(self, cl_ord_id: str) -> None:
        """Evaluate an order without filling anything, of which nobody is told."""
        before = self.execution(cl_ord_id)
        number = before.number_of_fills + 1
        after = replace(before, number_of_fills=number, version=before.version + 1)
        self._executions[before.id] = after

    def decides(self, why_not: Refusal | None = None) -> None:
        """Decide the requests that are undecided, in their order; or refuse them."""
        undecided, self._undecided = self._undecided, []
        for request in undecided:
            asked = change_request(request)
            before = self._executions[asked.execution_id]
            found = why_not or refusal(before, asked)
            if found is None:
                self._changes(asked)
                continue
            self.requests[request.cl_ord_id] = replace(request, state=RequestState.REFUSED)
            self._position += 1
            self.waiting.append(
                Refused(
                    position=self._position,
                    order=self.orders[asked.execution_id],
                    request=request,
                    refusal=found,
                    execution=before,
                    closed_by=self._changed_by.get(before.id),
                )
            )

    def expires(self, cl_ord_id: str) -> None:
        """Let the time of an order be over."""
        execution = self.execution(cl_ord_id)
        self.now = max(self.now, execution.expires_at or self.now)
        self._changes(ChangeRequest(execution_id=execution.id, kind=ChangeKind.EXPIRE))

    def operator(self, cl_ord_id: str, quantity: int | None = None) -> None:
        """Cancel an order that the client asked nothing for, or replace its quantity."""
        request = ChangeRequest(
            execution_id=self._number_of(cl_ord_id),
            kind=ChangeKind.CANCEL if quantity is None else ChangeKind.REPLACE,
            key="rest:1",
            quantity=UNSET if quantity is None else Decimal(quantity),
        )
        self._changes(request)

    @property
    def is_silent(self) -> bool:
        """Whether the client was told all that there is to tell."""
        return not self.waiting

    def open_ids(self) -> list[str]:
        """Return a ClOrdID of each open order."""
        return [
            request.cl_ord_id.decode("latin-1")
            for request in self.requests.values()
            if request.kind is RequestKind.NEW
            and request.execution_id is not None
            and self._executions[request.execution_id].is_open
        ]

    def compare_books(self) -> None:
        """Assert that the client was told of each order how it stands, if it heard all."""
        for number, execution in self._executions.items():
            assert self.books[number] == Book.of(execution)

    def execution(self, cl_ord_id: str) -> Execution:
        """Return the execution of an order as it is now."""
        return self._executions[self._number_of(cl_ord_id)]

    def _number_of(self, cl_ord_id: str) -> int:
        execution_id = self.requests[cl_ord_id.encode("latin-1")].execution_id
        assert execution_id is not None
        return execution_id

    def _changes(self, asked: ChangeRequest) -> None:
        before = self._executions[asked.execution_id]
        done = change(before, asked, now=self.now, rules=FillRules())
        self._happens(done.fill, done.kind, done.key)

    def _happens(self, fill: Fill, kind: ChangeKind | None = None, key: str | None = None) -> None:
        self.now += timedelta(seconds=1)
        self._executions[fill.execution.id] = fill.execution
        self._changed_by[fill.execution.id] = kind
        self._position += 1
        self.waiting.append(
            Evaluated(
                position=self._position,
                order=self.orders[fill.execution.id],
                fill=fill,
                kind=kind,
                request_key=key,
            )
        )

    # The database

    def _look(self, needs: Needs) -> Look:
        first = self._numbers + 1
        self._numbers += needs.new_orders
        return Look(
            known={each: self._known(each) for each in needs.cl_ord_ids if each in self.requests},
            numbers=[(number, -number) for number in range(first, self._numbers + 1)],
            now=self.now,
        )

    @property
    def _books(self) -> FixBooks:
        return self  # type: ignore[return-value]  # for lists of open orders it is one

    def open_orders(
        self, _session_id: int, *, security_id: str | None, limit: int
    ) -> Sequence[int]:
        open_ = (each for each in self._executions.values() if each.is_open)
        return [each.id for each in open_ if security_id in {None, each.security_id}][:limit]

    def standings(self, execution_ids: Collection[int]) -> Sequence[Standing]:
        return [self._standing(each) for each in execution_ids]

    def _known(self, cl_ord_id: bytes) -> Known:
        request = self.requests[cl_ord_id]
        if request.execution_id is None:
            return Known(request=request)
        return Known(request=request, standing=self._standing(request.execution_id))

    def _standing(self, number: int) -> Standing:
        return Standing(
            self.orders[number], self._as_told[number], self._closed_as_told.get(number)
        )

    def _reports(self) -> Sequence[Evaluated | Refused]:
        orders = self.orders
        return [replace(each, order=orders[each.order.execution_id]) for each in self.waiting]

    def _store(self, decision: Decision) -> None:
        new = {each.execution_id: each for each in decision.new_orders}
        assert not new.keys() & self.orders.keys(), "a number is given once"
        for changed in decision.orders:
            assert changed.execution_id in self.orders, "it replaces a row that is there"
            self.orders[changed.execution_id] = changed
        for number, order in new.items():
            self.orders[number] = order.fix
            self._executions[number] = self._as_told[number] = entered(order)
        for request in decision.requests:
            assert request.cl_ord_id not in self.requests, "a ClOrdID is kept once"
            self.requests[request.cl_ord_id] = request
            if request.state is RequestState.PENDING:
                self._undecided.append(request)
        for cl_ord_id in decision.done:
            request = self.requests[cl_ord_id]
            assert request.state is RequestState.PENDING
            self.requests[cl_ord_id] = replace(request, state=RequestState.DONE)
        for each in self.waiting:
            if each.position in decision.told and isinstance(each, Evaluated):
                self._as_told[each.order.execution_id] = each.fill.execution
                self._closed_as_told[each.order.execution_id] = each.kind
        self.waiting = [each for each in self.waiting if each.position not in decision.told]

    def _told(self, decision: Decision) -> list[str]:
        self._store(decision)
        self.entered += decision.new_orders
        replies = [*decision.replies]
        listings = Listings(self._books, self._session_id)
        listings.add(decision.listings)
        while listings:
            listed = self.entry.tell_status(listings.next_page(_PAGE))
            self._store(listed)
            replies += listed.replies
        return self.read(replies)


def filled(before: Execution, quantity: Decimal, price: Decimal, *, now: datetime) -> Fill:
    """Return what an engine stores that has filled so much, for which it would have to be lucky."""
    assert before.is_open
    total = before.quantity_filled + quantity
    after = replace(
        before,
        is_open=total < before.quantity_ordered,
        execution_status=status_of(total, before.quantity_ordered),
        quantity_filled=total,
        total_amount=before.total_amount + amount(quantity, price),
        number_of_fills=before.number_of_fills + 1,
        last_fill_timestamp=max(now, before.sent_timestamp, before.last_fill_timestamp or now),
        next_fill_timestamp=before.next_fill_timestamp if total < before.quantity_ordered else None,
        version=before.version + 1,
    )
    return Fill(quantity=quantity, price=price, announced=False, execution=after)
