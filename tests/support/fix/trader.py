"""A client that trades with a gateway: the project's own initiator, and all that it was told."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import count
from time import monotonic

from fixengine.demo.feed.universe import priced_listings
from fixengine.errors import UnavailableError
from fixengine.fix import tags
from fixengine.fix.dictionary import versions
from fixengine.fix.formats import write_timestamp
from fixengine.fix.message import Message
from fixengine.fix.settings import SessionSettings
from fixengine.infra.fix.initiator import Initiator
from fixengine.infra.fix.numbers import Numbers, NumbersInMemory

TICKER = priced_listings()[0].ticker
"""A security that has prices."""

AT_FIRST = Numbers()

_PATIENCE = 60.0
_LOOK = 0.02
_TAGS = {"exec_type": 150, "status": 39, "reason": 103, "exec_id": 17, "cum": 14, "leaves": 151}


class Trader:
    """Keeps its numbers from one connection to the next, as an order management system does."""

    def __init__(
        self,
        port: int,
        peer: str,
        *,
        password: str | None = None,
        heartbeat: int = 30,
        numbers: Numbers = AT_FIRST,
    ) -> None:
        kept = NumbersInMemory()
        kept.save(numbers)
        shown = () if password is None else ((tags.PASSWORD, password.encode()),)
        settings = SessionSettings(
            own=peer.encode(),
            peer=b"FIXENGINE",
            dictionary=versions()[b"FIX.4.4"],
            heartbeat_seconds=heartbeat,
            logon_fields=shown,
        )
        self.initiator = Initiator(("127.0.0.1", port), settings, numbers=kept)
        self.seen: list[Message] = []
        self._ids = count(1)

    def logon(self, *, reset: bool = False) -> "Trader":
        self.initiator.logon(reset=reset)
        return self

    def logon_soon(self, *, reset: bool = False) -> "Trader":
        """Log on as soon as the gateway lets it: its session may be held for a while."""
        until = monotonic() + _PATIENCE
        while True:
            try:
                return self.logon(reset=reset)
            except UnavailableError:
                if monotonic() >= until:
                    raise

    def is_refused(self) -> bool:
        """Say whether it finds a number of the gateway too low; another reason may pass."""
        try:
            self.logon()
        except UnavailableError as error:
            return "too low" in str(error)
        raise AssertionError(f"it is let in, with {self.initiator.next_numbers}")

    def move_to(self, port: int) -> None:
        """Lose the connection, and connect to another gateway from now on."""
        self.cut()
        self.initiator._address = ("127.0.0.1", port)

    def cut(self) -> None:
        """Lose the connection without a word."""
        self.initiator.drop()

    def send(self, kind: str, *fields: tuple[int, object]) -> None:
        written = tuple((tag, str(value).encode()) for tag, value in fields)
        self.initiator.send(kind.encode(), written)

    def order(
        self,
        *,
        quantity: object = 100,
        side: object = 1,
        symbol: str = TICKER,
        cl_ord_id: str | None = None,
        more: Iterable[tuple[int, object]] = (),
    ) -> str:
        """Send a new market order; return its ClOrdID."""
        id_ = cl_ord_id or f"order-{next(self._ids)}"
        head = (11, id_), (55, symbol), (54, side), (60, _time())
        self.send("D", *head, (38, quantity), (40, 1), *more)
        return id_

    def cancel(self, cl_ord_id: str, *, side: object = 1, symbol: str = TICKER) -> str:
        """Ask to cancel an order; return the request's ClOrdID."""
        id_ = f"cancel-{next(self._ids)}"
        self.send("F", (11, id_), (41, cl_ord_id), (55, symbol), (54, side), (60, _time()))
        return id_

    def replace(self, cl_ord_id: str, *, quantity: object, symbol: str = TICKER) -> str:
        """Ask for another quantity of an order; return the request's ClOrdID."""
        id_ = f"replace-{next(self._ids)}"
        head = (11, id_), (41, cl_ord_id), (55, symbol), (54, 1), (60, _time())
        self.send("G", *head, (38, quantity), (40, 1))
        return id_

    def reports(self, cl_ord_id: str | None = None) -> list[Message]:
        """Return the ExecutionReports so far, of one ClOrdID or all."""
        wanted = None if cl_ord_id is None else cl_ord_id.encode()
        return [each for each in self.seen if each.kind == b"8" and wanted in {None, each.get(11)}]

    def wait_for(self, cl_ord_id: str, **values: str) -> Message:
        """Wait for an ExecutionReport with these values, as `exec_type="F"`; return it."""
        wanted = {_TAGS[name]: value.encode() for name, value in values.items()}

        def found() -> Message | None:
            reports = self.reports(cl_ord_id)
            return next(
                (each for each in reports if all(each.get(t) == v for t, v in wanted.items())), None
            )

        self.wait_until(lambda: found() is not None, f"a report of {cl_ord_id} with {values}")
        report = found()
        assert report is not None
        return report

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Take what comes until a condition holds."""
        until = monotonic() + _PATIENCE
        while not condition():
            assert monotonic() < until, f"waited in vain for {what}: {self._shown()}"
            self.seen += self.initiator.messages(_LOOK)

    def _shown(self) -> list[str]:
        """Return the last messages, as people write them."""
        return [
            "|".join(f"{tag}={value.decode('latin-1')}" for tag, value in each.fields)
            for each in self.seen[-5:]
        ]

    def wait_until_down(self) -> None:
        """Take what comes until the connection is gone."""
        try:
            self.wait_until(lambda: False, "the end of the connection")
        except UnavailableError:
            return


def _time() -> str:
    return write_timestamp(datetime.now(UTC)).decode()
