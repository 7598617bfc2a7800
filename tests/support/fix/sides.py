"""A side of a FIX session with its books, as a driver with a database would keep them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from fixengine.fix.dictionary import versions
from fixengine.fix.effects import (
    Abandoned,
    Deliver,
    Disconnect,
    Effect,
    Fetch,
    Ignored,
    Numbered,
    Reset,
    Transmit,
)
from fixengine.fix.framing import encode
from fixengine.fix.message import Field, Message, body_of
from fixengine.fix.outbound import PAGE
from fixengine.fix.session import Session, State
from fixengine.fix.settings import Moment, SessionSettings

FIX44 = versions()[b"FIX.4.4"]
_BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

Reply = tuple[bytes, tuple[Field, ...]]
Application = Callable[[Message], Sequence[Reply]]


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.ticks = 0.0

    @property
    def now(self) -> Moment:
        return Moment(_BEGAN + timedelta(seconds=self.ticks), self.ticks)

    def reach(self, ticks: float) -> None:
        self.ticks = max(self.ticks, ticks)


@dataclass
class Books:
    """What is committed: numbers, what was sent, and what the application has seen."""

    next_in: int = 1
    next_out: int = 1
    kept: dict[int, Numbered] = field(default_factory=dict)
    seen: list[Message] = field(default_factory=list)
    resets: int = 0


class Side:
    """Drives sessions, one after the other, and keeps the books of all of them.

    Each call is a transaction: books change at its end, and bytes are returned only then. With
    `fails` the transaction is rolled back, and the connection dropped.
    """

    def __init__(self, settings: SessionSettings, clock: Clock, application: Application) -> None:
        self.settings = settings
        self.books = Books()
        self.why: str | None = None  # the last disconnect's
        self.ignored: list[str] = []
        self.abandoned: list[Abandoned] = []
        self.fails = False
        self._clock = clock
        self._application = application
        self.session = self._begun()
        self.session.lose()

    @property
    def is_up(self) -> bool:
        return self.session.state is not State.CLOSED

    def begin(self) -> Session:
        """Take a new connection."""
        self.session = self._begun()
        self.why = None
        return self.session

    def perform(self, effects: Sequence[Effect]) -> bytes:
        """Do what the session wants; return the bytes that go out."""
        sent = bytearray()
        books = replace(self.books, kept=self.books.kept.copy(), seen=self.books.seen.copy())
        why: str | None = None
        waiting = list(effects)
        while waiting:
            effect = waiting.pop(0)
            match effect:
                case Transmit():
                    sent += effect.data
                case Numbered():
                    assert effect.seq not in books.kept, "a number is given once"
                    books.kept[effect.seq] = effect
                case Deliver():
                    books.seen.append(effect.message)
                    for kind, fields in self._application(effect.message):
                        waiting += self.session.send(self._clock.now, kind, fields)
                case Reset():
                    books.kept.clear()
                    books.resets += 1
                case Fetch(first, last):
                    assert last - first < PAGE, "no more is read at once"
                    kept = [books.kept[seq] for seq in range(first, last + 1)]
                    waiting += self.session.fetched(self._clock.now, effect, kept)
                case Ignored():
                    self.ignored.append(effect.why)
                case Abandoned():
                    self.abandoned.append(effect)
                case Disconnect():
                    assert why is None, "a connection closes once"
                    why = effect.why
        if self.fails:
            self.fails = False
            self.session = self._begun()
            self.session.lose()
            return b""
        self.why = why or self.why
        self.books = books
        books.next_in, books.next_out = self.session.next_in, self.session.next_out
        if self.session.has_more:
            sent += self.perform(self.session.received(self._clock.now, b""))
        return bytes(sent)

    def _begun(self) -> Session:
        books = self.books
        return Session(self.settings, next_in=books.next_in, next_out=books.next_out)


def settings(own: bytes, peer: bytes, **more: object) -> SessionSettings:
    """Return settings for FIX 4.4, unless `more` says otherwise."""
    return SessionSettings(**{"own": own, "peer": peer, "dictionary": FIX44, **more})  # type: ignore[arg-type]  # as the caller says


def raw(text: str, begin: bytes = b"FIX.4.4") -> bytes:
    """Return a message from the way in which people write one: `35=0|34=2|`."""
    return encode(begin, text.replace("|", "\x01").encode("latin-1"))


def whole_message(begin: bytes, fields: Sequence[Field]) -> bytes:
    """Return the bytes of a message with these fields."""
    return encode(begin, body_of(fields, FIX44.data_fields))
