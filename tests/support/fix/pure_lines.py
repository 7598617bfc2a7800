"""Connections of definitions to sessions with a clock of their own: no time passes in vain."""

from collections.abc import Callable
from datetime import datetime

from fixengine.fix.door import Door, Knock
from fixengine.fix.settings import SessionSettings
from tests.support.fix.definitions import CLIENT, first_of
from tests.support.fix.echo import Echo
from tests.support.fix.sides import Clock, Side

_PATIENCE_SECONDS = 30.0


class PureGround:
    """A client's connections, and the time that all of them share."""

    def __init__(self, settings: SessionSettings) -> None:
        self._settings = settings
        self._clock = Clock()
        self._lines: list[_Line] = []

    def now(self) -> datetime:
        return self._clock.now.utc

    def connect(self) -> "_Line":
        line = _Line(self, self._clock, self._settings)
        self._lines.append(line)
        return line

    def is_taken(self) -> bool:
        """Say whether a connection has the session."""
        return any(each.has_session for each in self._lines)


class _Line:
    def __init__(self, ground: PureGround, clock: Clock, settings: SessionSettings) -> None:
        self.client = CLIENT
        self.has_session = False
        self._ground = ground
        self._clock = clock
        self._door: Door | None = Door(clock.ticks)
        self._side = Side(settings, clock, Echo())
        self._settings = settings
        self._sent = b""
        self._is_closed = False

    def lose(self) -> None:
        self._side.session.lose()
        self.has_session = False

    def receive(self, data: bytes) -> None:
        if self._door is None:
            self._take(self._side.perform(self._side.session.received(self._clock.now, data)))
            return
        came = self._door.received(data)
        settings = self._settings
        if isinstance(came, Knock):
            ours = (came.sender, came.target, came.dictionary) == (
                settings.peer,
                settings.own,
                settings.dictionary,
            )
            if ours and not self._ground.is_taken():
                session = self._side.begin()
                self.has_session = True
                effects = session.accept(self._clock.now, came.logon, self._door.framer)
                self._door = None
                self._take(self._side.perform(effects))
                return
        self._is_closed = came is not None

    def next_message(self) -> bytes:
        self._wait(lambda: bool(self._sent))
        message = first_of(self._sent)
        self._sent = self._sent[len(message) :]
        return message

    def expect_the_end(self) -> None:
        self._wait(lambda: self._is_closed)
        assert self._sent == b"", f"before the end comes {self._sent!r}"
        self.has_session = False

    def _take(self, data: bytes) -> None:
        self._sent += data
        self._is_closed = self._side.why is not None

    def _wait(self, until: Callable[[], bool]) -> None:
        limit = self._clock.ticks + _PATIENCE_SECONDS
        while not until():
            due = self._side.session.due if self._door is None else self._door.due
            assert due is not None, f"nothing comes; {self._side.why}"
            assert due < limit, "nothing comes for too long"
            self._clock.reach(due)
            if self._door is None:
                self._take(self._side.perform(self._side.session.passed(self._clock.now)))
            else:
                self._is_closed = self._door.passed(self._clock.ticks) is not None
