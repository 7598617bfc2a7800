"""A FIX client: a session as initiator over a socket, for commands and tests.

It blocks, and belongs to one thread. Heartbeats go out while something is asked of it, so whoever
has it comes back to `messages` at least every few seconds.
"""

import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from math import inf

from fixengine.errors import UnavailableError
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
from fixengine.fix.message import Field, Message
from fixengine.fix.session import Session, State
from fixengine.fix.settings import Moment, SessionSettings
from fixengine.infra.fix.calling import LOOK_SECONDS, call
from fixengine.infra.fix.numbers import Numbers, NumbersInMemory, NumberStore

_PIECE = 65_536
_LAST_WORDS_SECONDS = 2.0
_SHOWN_OUT = (
    " without a word: compare CompIDs, version, user, password, certificate and TLS with what was "
    "agreed on, and see whether another client of this session is logged on"
)


class Initiator:
    """One session, over as many connections as it takes: what it was told is kept in between.

    `address` is a host and a port. `tls` is how to speak TLS, if at all. `numbers` outlive it where
    they are in a file; what it sent does not, so that it then fills a gap without sending again.
    """

    def __init__(
        self,
        address: tuple[str, int],
        settings: SessionSettings,
        *,
        tls: ssl.SSLContext | None = None,
        numbers: NumberStore | None = None,
    ) -> None:
        self._address = address
        self._settings = settings
        self._tls = tls
        self._numbers = numbers or NumbersInMemory()
        self._sent: dict[int, Numbered] = {}
        self._came: deque[Message] = deque()
        self._handled, next_out = self._numbers.load()
        self._session = Session(settings, next_in=self._handled, next_out=next_out)
        self._session.lose()
        self._socket: socket.socket | None = None
        self._out = bytearray()
        self._why = "it has not logged on"

    @property
    def is_logged_on(self) -> bool:
        """Say whether the session is there to be used."""
        return self._session.state is State.ACTIVE

    @property
    def next_numbers(self) -> Numbers:
        """Return the numbers of the next message in each direction."""
        return Numbers(self._session.next_in, self._session.next_out)

    def logon(self, *, reset: bool = False, is_over: Callable[[], bool] = lambda: False) -> None:
        """Connect, and log on; with `reset` both numbers begin at 1.

        Raises UnavailableError when nobody is there, when the peer does not take the Logon, and
        within a fraction of a second when `is_over` says that nobody waits for it any more.
        """
        self.drop()
        self._socket = self._connected(is_over)
        settings = replace(self._settings, reset=reset)
        next_in, next_out = self.next_numbers
        self._session = Session(settings, next_in=next_in, next_out=next_out)
        self._perform(self._session.open(_now()))
        while self._session.state is State.CALLING:
            if is_over():
                self.drop()
            else:
                self._move(time.monotonic() + LOOK_SECONDS)
        if not self.is_logged_on:
            raise self._lost()

    def send(self, kind: bytes, fields: tuple[Field, ...], *, within: float = inf) -> int:
        """Send a message of the application, and return its number.

        While there is no connection it only gets its number: the peer will ask for it. What the
        peer does not take within so many seconds goes out later.
        """
        seq = self._session.next_out
        self._perform(self._session.send(_now(), kind, fields))
        self.written(within)
        return seq

    def written(self, seconds: float) -> bool:
        """Write what waits, for so many seconds at the most; say whether nothing waits any more."""
        end = time.monotonic() + seconds
        while self._out and self._socket is not None and time.monotonic() < end:
            self._move(end)
        return not self._out

    def messages(self, seconds: float) -> Iterator[Message]:
        """Yield messages as they come, for so many seconds; with 0, those that are there.

        One that was yielded counts as handled when the next is asked for. Raises UnavailableError
        when the connection is gone and all that came before was yielded.
        """
        end, is_over = time.monotonic() + seconds, False
        while True:
            while self._came:
                yield self._came.popleft()
            self._handled = self._session.next_in
            if self._socket is None:
                raise self._lost()
            if is_over:
                return
            is_over = time.monotonic() >= end
            self._move(end)

    def logout(self, text: str, *, within: float = inf) -> None:
        """Say Logout with a reason, wait for the answer, and disconnect.

        After so many seconds the connection goes without an answer, after 5 s in any case.
        """
        self._perform(self._session.leave(_now(), text))
        end = time.monotonic() + within
        while self._socket is not None and time.monotonic() < end:
            self._move(end)
        self.drop()

    def drop(self) -> None:
        """Let the connection go without a word. Safe to call at any time."""
        self._session.lose()
        self._hang_up("it was dropped here")

    def _connected(self, is_over: Callable[[], bool]) -> socket.socket:
        host, port = self._address
        try:
            line = call(self._address, self._tls, is_over=is_over)
        except ssl.SSLCertVerificationError as error:
            words = error.verify_message
            raise UnavailableError(f"{host}:{port} can't be trusted: {words}") from error
        except ssl.SSLError as error:
            raise UnavailableError(f"{host}:{port} may not speak TLS: {error}") from error
        except OSError as error:
            words = error.strerror or str(error)
            raise UnavailableError(f"{host}:{port} can't be reached: {words}") from error
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.setblocking(False)
        return line

    def _move(self, end: float) -> None:
        """Write and read what can be; wait for it until then, or until something is due."""
        line = self._socket
        assert line is not None, "moving needs a connection"
        until = min(end, self._session.due or inf)
        wait = None if until == inf else max(0.0, until - time.monotonic())
        try:
            readable, writable, _ = select.select([line], [line] if self._out else [], [], wait)
            if writable:
                self._write(line)
            if readable:
                self._read(line)
        except OSError as error:
            self._lose(f"the connection broke: {error}")
            return
        if self._session.due is not None and time.monotonic() >= self._session.due:
            self._perform(self._session.passed(_now()))

    def _write(self, line: socket.socket) -> None:
        with suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            del self._out[: line.send(self._out[:_PIECE])]

    def _read(self, line: socket.socket) -> None:
        """Read until nothing is left: TLS may hold bytes of which the system does not know."""
        with suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            while self._socket is not None:
                data = line.recv(_PIECE)
                if not data:
                    self._lose("the peer closed the connection")
                    return
                self._perform(self._session.received(_now(), data))
                while self._session.has_more:
                    self._perform(self._session.received(_now(), b""))

    def _perform(self, effects: Sequence[Effect]) -> None:
        """Do what the session wants: numbers are kept before bytes go out."""
        waiting = deque(effects)
        why: str | None = None
        while waiting:
            match effect := waiting.popleft():
                case Transmit(data):
                    self._out += data
                case Numbered():
                    if effect.body:
                        self._sent[effect.seq] = effect
                case Deliver(message):
                    self._came.append(message)
                case Fetch(first, last):
                    kept = [self._sent[seq] for seq in range(first, last + 1) if seq in self._sent]
                    waiting += self._session.fetched(_now(), effect, kept)
                case Reset():
                    self._sent.clear()
                    self._handled = 1
                case Disconnect():
                    why = effect.why
                case Ignored() | Abandoned():
                    pass
        self._numbers.save(Numbers(self._handled, self._session.next_out))
        if self._socket is not None and self._out:
            with suppress(OSError):  # a broken connection is found when it is read
                self._write(self._socket)
                if why is not None:
                    self._socket.settimeout(_LAST_WORDS_SECONDS)
                    self._socket.sendall(self._out)
        if why is not None:
            self._hang_up(why)

    def _lose(self, why: str) -> None:
        """Take note that the connection is gone; an acceptor shows out without a word."""
        if self._session.state is State.CALLING:
            why += _SHOWN_OUT
        self._session.lose()
        self._hang_up(why)

    def _hang_up(self, why: str) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket, self._why = None, why
        self._out.clear()

    def _lost(self) -> UnavailableError:
        host, port = self._address
        return UnavailableError(f"there is no session with {host}:{port}: {self._why}")


def _now() -> Moment:
    return Moment(datetime.now(UTC), time.monotonic())
