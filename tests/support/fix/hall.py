"""A listener with somebody behind it who takes every line, and clients of plain sockets."""

import socket
import ssl
import termios
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import ioctl
from struct import unpack
from typing import Self

from fixengine.demo.waiting import wait_until
from fixengine.fix.door import Knock
from fixengine.fix.framing import Framer
from fixengine.infra.fix.limits import LINE_LIMITS, LineLimits
from fixengine.infra.fix.listener import Listener
from fixengine.infra.fix.tls import TlsFiles
from fixengine.ports.lines import Ending, Line
from tests.support.fix.sides import raw
from tests.support.network.certificates import Identity

PATIENCE = 60.0
"""Seconds for what comes at once, on a machine that is busy."""

LOGON = raw("35=A|49=CLIENT|56=ENGINE|34=1|52=20260302-09:30:00|98=0|108=30|")


class Guest:
    """Has a line; `answers` is called with what comes, which is then handled."""

    def __init__(self, line: Line, answers: Callable[["Guest", bytes], None]) -> None:
        self.line = line
        self.seen = b""
        self.lost_as: list[str] = []
        self._answers = answers

    def received(self, data: bytes) -> None:
        self.seen += data
        self._answers(self, data)

    def lost(self, why: str) -> None:
        self.lost_as.append(why)


def echo(guest: Guest, data: bytes) -> None:
    guest.line.send(data)
    guest.line.handled(len(data))


class Hall:
    """Takes every line at once, unless it is told to let them wait; counts them."""

    def __init__(self, answers: Callable[[Guest, bytes], None] = echo) -> None:
        self.guests: list[Guest] = []
        self.knocks: list[Knock] = []
        self.framers: list[Framer] = []
        self.takes = True
        self.fails = False
        self.began = 0
        self.ended: Counter[Ending] = Counter()
        self._answers = answers

    def knocked(self, line: Line, knock: Knock, framer: Framer) -> None:
        if self.fails:
            raise ValueError
        guest = Guest(line, self._answers)
        self.framers.append(framer)
        self.knocks.append(knock)
        self.guests.append(guest)
        if self.takes:
            line.pass_to(guest)

    def line_began(self) -> None:
        self.began += 1

    def line_ended(self, ending: Ending) -> None:
        self.ended[ending] += 1

    def guest(self, number: int = 0) -> Guest:
        """Return the guest of this number, from 0 on, once he is there."""
        wait_until(lambda: len(self.guests) > number, PATIENCE, f"guest {number}")
        return self.guests[number]

    def saw_end(self, ending: Ending, times: int = 1) -> None:
        """Return once so many lines have ended this way."""
        wait_until(lambda: self.ended[ending] >= times, PATIENCE, f"{times} lines to end: {ending}")


@contextmanager
def listening(
    hall: Hall, *, tls: TlsFiles | None = None, limits: LineLimits = LINE_LIMITS
) -> Iterator[Listener]:
    """Lend a listener that has begun."""
    listener = Listener(port=0, counts=hall, tls=tls, limits=limits)
    listener.start(hall)
    try:
        yield listener
    finally:
        listener.stop(within=PATIENCE)


class Peer:
    """A client of bytes."""

    def __init__(
        self,
        port: int,
        host: str = "127.0.0.1",
        *,
        kept: int | None = None,
        of: str | None = None,
    ) -> None:
        """Connect; the system keeps so many bytes that are not read, if that is given.

        `of` is the client's own address, if another than the usual one is wanted.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(PATIENCE)
        if kept is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kept)
        if of is not None:
            self.socket.bind((of, 0))
        self.socket.connect((host, port))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def begin_tls(self, server: Identity, *, shows: Identity | None = None) -> Self:
        """Go on with TLS, trusting the server alone; it may be shown a certificate."""
        context = ssl.create_default_context(cafile=str(server.certificate))
        if shows is not None:
            context.load_cert_chain(shows.certificate, shows.key)
        self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")
        return self

    def says(self, data: bytes) -> None:
        self.socket.sendall(data)

    def is_heard(self) -> None:
        """Return once the other side's system has all that was said.

        The rest is lost with a client that goes, and leaves unread what it is told.
        """
        wait_until(lambda: not self._bytes_under_way(), PATIENCE, "the other side to have it")

    def hears(self, size: int) -> bytes:
        """Return so many bytes, or what came before the end."""
        heard = bytearray()
        while len(heard) < size and (data := self.hears_some(size - len(heard))):
            heard += data
        return bytes(heard)

    def hears_the_end(self) -> bytes:
        """Return what comes before the other side closes the connection."""
        return self.hears(2**62)

    def _bytes_under_way(self) -> int:
        (count,) = unpack("i", ioctl(self.socket, termios.TIOCOUTQ, bytes(4)))
        return int(count)

    def hears_some(self, most: int = 65_536) -> bytes:
        """Return what is there, or comes next; nothing at the end."""
        try:
            return self.socket.recv(min(most, 65_536))
        except ConnectionError:
            return b""
