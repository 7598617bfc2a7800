"""Sends orders by FIX and waits for their ends, over as many connections as it takes."""

import secrets
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from threading import Event

from fixengine.counterparty.book import CANCEL_REQUEST, Book
from fixengine.counterparty.orders import NEW_ORDER, Order, completed
from fixengine.counterparty.view import summary
from fixengine.errors import UnavailableError
from fixengine.fix.dictionary import Dictionary
from fixengine.infra.fix.initiator import Initiator
from fixengine.supervision.retries import Retries

_LOOK_SECONDS = 0.2
_CANCEL_SECONDS = 30.0
_UNREAD_SECONDS = 0.5
_COME_BACK_SECONDS = 1.0
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 5.0


class Sender:
    """Sends orders, keeps a book of them, says what comes, and shows how many are done.

    The first `over`, or the end of the time, asks for the end of all that is open; the second, or
    30 s without it, leaves it open. So does the first where the gateway reads nothing, or takes no
    Logon within a second. `over` is cleared when it was seen.
    """

    def __init__(
        self,
        initiator: Initiator,
        dictionary: Dictionary,
        *,
        over: Event,
        within: float,
        say: Callable[[str], None],
        show: Callable[[int], None],
    ) -> None:
        self.book = Book()
        self._initiator = initiator
        self._dictionary = dictionary
        self._over = over
        self._deadline = time.monotonic() + within
        self._is_cancelling = False
        self._say = say
        self._show = show
        self._prefix = f"{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(2)}-".encode()
        self._count = 0
        self._retries = Retries(first=_FIRST_WAIT, cap=_LONGEST_WAIT)

    def run(self, orders: Iterable[Order | None]) -> bool:
        """Send all and wait for their ends; return whether all came.

        None among them is for a while without an order.
        """
        for order in orders:
            if self._is_over():
                break
            if order is None:
                self._look(_LOOK_SECONDS)
                continue
            whole = completed(order, cl_ord_id=self._next_id(), now=datetime.now(UTC))
            self.book.ordered(whole, self._send(NEW_ORDER, whole))
            self._look(0.0)
        while self.book.open:
            if self._is_over() and (self._is_cancelling or not self._cancel()):
                return False
            self._look(_LOOK_SECONDS)
        return True

    def _is_over(self) -> bool:
        return self._over.is_set() or time.monotonic() > self._deadline

    def _send(self, kind: bytes, fields: Order) -> int:
        """Send a message and return its number, once it is written, or it is over."""
        number = self._initiator.send(kind, fields, within=0)
        while not self._initiator.written(_LOOK_SECONDS) and not self._is_over():
            pass
        return number

    def _cancel(self) -> bool:
        """Ask for the end of all that is open; say whether the gateway hears that."""
        somebody_waits = self._over.is_set()
        self._over.clear()
        self._is_cancelling = True
        if somebody_waits and not self._initiator.is_logged_on:
            self._deadline = time.monotonic() + _COME_BACK_SECONDS
            self._come_back("")
            if not self._initiator.is_logged_on:
                self._say("the gateway can't be told: what is open stays open")
                return False
        self._deadline = time.monotonic() + _CANCEL_SECONDS
        for entry in self.book.open:
            if not self._initiator.written(_UNREAD_SECONDS):
                self._say("the gateway reads nothing: what is open stays open")
                return False
            request = self.book.cancel_request(entry, self._next_id(), datetime.now(UTC))
            self._send(CANCEL_REQUEST, request)
        return True

    def _look(self, seconds: float) -> None:
        """Take what comes in this time; log on again if the connection is gone."""
        try:
            for message in self._initiator.messages(seconds):
                if self.book.take(message):
                    self._say(summary(message, self._dictionary))
                    self._show(self.book.done)
        except UnavailableError as error:
            self._say(str(error))
            self._come_back(str(error))

    def _come_back(self, said: str) -> None:
        """Log on again, and say why that fails, unless that was said last."""
        while not self._is_over():
            try:
                self._initiator.logon(is_over=self._is_over)
            except UnavailableError as error:
                if str(error) != said and not self._is_over():
                    said = str(error)
                    self._say(said)
                left = self._deadline - time.monotonic()
                self._over.wait(min(self._retries.next_wait(), max(left, 0)))
            else:
                self._say("it is logged on again")
                self._retries.reset()
                return

    def _next_id(self) -> bytes:
        self._count += 1
        return self._prefix + b"%d" % self._count
