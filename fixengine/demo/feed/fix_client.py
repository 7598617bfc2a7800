"""A client that orders by FIX: a share of the demo's orders, sent and followed to their ends."""

import time
from collections.abc import Iterator
from threading import Event, Thread

from fixengine.counterparty.orders import Order, generated
from fixengine.counterparty.sending import Sender
from fixengine.counterparty.view import status_name
from fixengine.demo.errors import DemoError
from fixengine.demo.feed.universe import priced_listings
from fixengine.errors import UnavailableError
from fixengine.fix import tags
from fixengine.fix.dictionary import versions
from fixengine.fix.settings import SessionSettings
from fixengine.infra.fix.initiator import Initiator

GATEWAY = "FIXENGINE"
"""The gateway's CompID."""

_OWN = "DEMO"
_DICTIONARY = versions()[b"FIX.4.4"]
_LAST_WORDS_SECONDS = 5.0
_NO_END = 2**62


class FixClient:
    """One session, in a thread of its own."""

    def __init__(
        self,
        address: tuple[str, int],
        *,
        password: str,
        count: int | None,
        rate: float | None,
        seed: int,
        within: float,
    ) -> None:
        """Take how many orders to send, None: no end; `rate` is orders a second, None: all at once.

        All are to come to an end `within` seconds.
        """
        settings = SessionSettings(
            own=_OWN.encode(),
            peer=GATEWAY.encode(),
            dictionary=_DICTIONARY,
            logon_fields=((tags.PASSWORD, password.encode()),),
        )
        self._over = Event()
        self._initiator = Initiator(address, settings)
        self._sender = Sender(
            self._initiator,
            _DICTIONARY,
            over=self._over,
            within=within,
            say=lambda _line: None,
            show=lambda _done: None,
        )
        symbols = [listing.ticker for listing in priced_listings()]
        self._orders = _paced(
            generated(_NO_END if count is None else count, symbols, seed=seed), rate
        )
        self._ended: bool | None = None
        self._failure: Exception | None = None
        self._thread = Thread(target=self._work, name="fix-client", daemon=True)

    def start(self) -> None:
        """Log on, and begin to send; raises DemoError when the gateway takes no Logon."""
        try:
            self._initiator.logon(reset=True)
        except UnavailableError as error:
            raise DemoError(str(error)) from error
        self._thread.start()

    @property
    def nothing_left(self) -> bool:
        """Whether every order was told to its end, or the time is over; raises what ended it."""
        if self._failure is not None:
            raise self._failure
        return self._ended is not None

    def problems(self) -> Iterator[str]:
        """Yield a sentence for each thing that should not have become of the orders."""
        if not self._ended:
            yield f"{len(self._sender.book.open)} orders by FIX were not told to their ends"
        if self._sender.book.is_refused:
            yield "an order by FIX was rejected"

    def summary(self) -> str:
        """Return one line."""
        counts = self._sender.book.counts
        said = ", ".join(f"{counts[each]} {status_name(each, _DICTIONARY)}" for each in counts)
        return f"a FIX client was told of {len(self._sender.book.entries)} orders: {said}"

    def close(self) -> None:
        """Leave what is open, without a word if there is no time for it."""
        self._over.set()
        self._thread.join(_LAST_WORDS_SECONDS)

    def _work(self) -> None:
        try:
            self._ended = self._sender.run(self._orders)
            self._initiator.logout("all is said")
        except Exception as error:  # noqa: BLE001 - the demo's own thread raises it again
            self._failure = error


def _paced(orders: Iterator[Order], rate: float | None) -> Iterator[Order | None]:
    """Yield orders when their time has come, and nothing while it has not."""
    began = time.monotonic()
    for number, order in enumerate(orders):
        while rate is not None and time.monotonic() - began < number / rate:
            yield None
        yield order
