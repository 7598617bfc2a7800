"""A client that trades all the time, whatever becomes of its connection, and keeps a book."""

from datetime import UTC, datetime
from itertools import count
from random import Random
from threading import Event
from time import monotonic

from fixengine.demo.feed.universe import priced_listings
from fixengine.errors import UnavailableError
from fixengine.fix.dictionary import versions
from fixengine.fix.formats import write_timestamp
from fixengine.fix.message import Message
from fixengine.fix.settings import SessionSettings
from fixengine.infra.fix.initiator import Initiator
from fixengine.infra.fix.numbers import Numbers, NumbersInMemory
from fixengine.trading import codes
from tests.support.background import Background
from tests.support.fix.book import Book

HEARTBEAT = 2
"""Seconds between heartbeats: a line that is dead is given up soon."""

UNPRICED = "NOPRC"

_LOOK_SECONDS = 0.02
_PAUSE_SECONDS = 0.1
_AT_ONCE = 10
_RECENT = 40
_TIMES = ("0", "0", "0", "1", "1", "3", "4")
_PRICED = tuple(each.ticker for each in priced_listings()[:20])


class Dealer(Background):
    """A context manager; it trades until `rests`, and takes what comes until it is left.

    Messages of its own that it could not send it sends when it is back, as FIX has it. `endings`
    has why its connections ended, and `absences` how many seconds passed from the last that it was
    told on each until its next Logon was accepted.
    """

    def __init__(
        self, port: int, peer: str, *, seed: int, rate: float = 10.0, unpriced: bool = True
    ) -> None:
        super().__init__(f"dealer {peer}")
        self.peer = peer
        self.book = Book()
        self.endings: list[str] = []
        self.absences: list[float] = []
        self.logons = 0
        self.rests = False
        self._hangs_up = Event()
        self._heard_at = 0.0
        self._is_away = False
        self._tickers = (*_PRICED, *((UNPRICED,) if unpriced else ()))
        self._port = port
        self._rate = rate
        self._rng = Random(f"{seed}:{peer}")
        self._orders: list[tuple[bytes, str]] = []  # the latest: first ClOrdID, and ticker
        self._numbers = count(1)
        self._initiator = self._new_initiator(Numbers())

    @property
    def numbers(self) -> Numbers:
        """The numbers of the next message in each direction."""
        return self._initiator.next_numbers

    @property
    def is_away(self) -> bool:
        """Whether it has lost its connection, and is not logged on again."""
        return self._is_away

    def hang_up(self) -> None:
        """Let the connection go, and come back at once."""
        self._hangs_up.set()

    def work(self) -> None:
        began, done = monotonic(), 0
        while not self.stopping.is_set():
            self._listen()
            if not self.rests:
                due = min(int((monotonic() - began) * self._rate) - done, _AT_ONCE)
                for _ in range(due):
                    self._trade()
                done += max(due, 0)

    def stop(self) -> None:
        super().stop()
        self._initiator.drop()

    def ask_again(self, within: float) -> Book:
        """Log on as a client that knows nothing, and return the book of all that it is told.

        Raises UnavailableError when that takes too long.
        """
        numbers = self.numbers
        told: list[Message] = []
        again = self._new_initiator(Numbers(1, numbers.next_out))
        until = monotonic() + within
        try:
            while again.next_numbers.next_in < numbers.next_in:
                try:
                    if not again.is_logged_on:
                        again.logon()
                    told += again.messages(_LOOK_SECONDS)
                except UnavailableError:
                    self.stopping.wait(_PAUSE_SECONDS)
                    if monotonic() >= until:
                        raise
        finally:
            self._initiator = again
            again.drop()
        return self.book.told_again(told)

    def _new_initiator(self, numbers: Numbers) -> Initiator:
        kept = NumbersInMemory()
        kept.save(numbers)
        settings = SessionSettings(
            own=self.peer.encode(),
            peer=b"FIXENGINE",
            dictionary=versions()[b"FIX.4.4"],
            heartbeat_seconds=HEARTBEAT,
        )
        return Initiator(("127.0.0.1", self._port), settings, numbers=kept)

    def _listen(self) -> None:
        if self._hangs_up.is_set():
            self._hangs_up.clear()
            self._initiator.drop()
            self._is_away = True
        try:
            if not self._initiator.is_logged_on:
                self._initiator.logon()
                self._come_back()
            for message in self._initiator.messages(_LOOK_SECONDS):
                self.book.take(message)
                self._heard_at = monotonic()
        except UnavailableError as error:
            self.endings.append(str(error))
            self._is_away = self.logons > 0
            self.stopping.wait(_PAUSE_SECONDS)

    def _come_back(self) -> None:
        self.logons += 1
        if self._is_away:
            self.absences.append(monotonic() - self._heard_at)
            self._is_away = False
        self._heard_at = monotonic()

    def _trade(self) -> None:
        what = self._rng.random()
        if what < 0.6 or not self._orders:
            self._order()
        elif what < 0.8:
            self._change(codes.CANCEL_REQUEST)
        else:
            self._change(codes.REPLACE_REQUEST)

    def _order(self) -> None:
        quantity, time = self._rng.randrange(1, 2_000), self._rng.choice(_TIMES)
        ticker = "NO-SUCH" if self._rng.random() < 0.05 else self._rng.choice(self._tickers)
        cl_ord_id = self._ask(
            codes.NEW_ORDER, ((55, ticker), (54, "1"), (38, quantity), (40, "1"), (59, time))
        )
        self._orders = [*self._orders[-_RECENT:], (cl_ord_id, ticker)]

    def _change(self, kind: bytes) -> None:
        first, ticker = self._rng.choice(self._orders)
        original = self.book.in_force(first)
        terms: tuple[tuple[int, object], ...] = ()
        if kind == codes.REPLACE_REQUEST:
            terms = ((38, self._rng.randrange(1, 3_000)), (40, "1"))
        head = ((41, original.decode()), (55, ticker), (54, "1"))
        self._ask(kind, (*head, *terms))

    def _ask(self, kind: bytes, fields: tuple[tuple[int, object], ...]) -> bytes:
        cl_ord_id = f"{self.peer}-{next(self._numbers)}".encode()
        time = write_timestamp(datetime.now(UTC))
        written = tuple((tag, str(value).encode()) for tag, value in fields)
        self.book.asked[cl_ord_id] = kind
        self._initiator.send(kind, ((11, cl_ord_id), (60, time), *written))
        return cl_ord_id
