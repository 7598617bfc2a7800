"""A FIX acceptor on a port: the pure machine behind real sockets, in one thread."""

import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from fixengine.fix.door import Door, Knock
from fixengine.fix.message import Message
from fixengine.fix.settings import Moment, SessionSettings
from tests.support.fix.sides import Application, Clock, Side

_TICK = 0.02


class RealClock(Clock):
    """A time that passes by itself."""

    @property
    def now(self) -> Moment:
        return Moment(datetime.now(UTC), time.monotonic())


class Acceptor:
    """Serves one client at a time, and keeps its books over all connections."""

    def __init__(
        self,
        settings: SessionSettings,
        application: Application,
        tls: ssl.SSLContext | None,
        kept: int | None = None,
    ) -> None:
        """Listen; the system keeps so many bytes that are not read, if that is given."""
        self.side = Side(settings, RealClock(), application)
        self.logons: list[Message] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        if kept is not None:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kept)
        self._tls = tls
        self._line: socket.socket | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._listener.getsockname()
        return host, port

    def cut(self) -> None:
        """Break the connection."""
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._over.set()
        self._thread.join(60)
        self._listener.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            if select.select([self._listener], [], [], _TICK)[0]:
                line, _ = self._listener.accept()
                line.settimeout(_TICK)
                with suppress(OSError):
                    if self._tls is not None:
                        line.settimeout(60)
                        line = self._tls.wrap_socket(line, server_side=True)
                        line.settimeout(_TICK)
                    self._line = line
                    self._talk(line)
                self.side.session.lose()
                line.close()

    def _talk(self, line: socket.socket) -> None:
        door = Door(time.monotonic())
        knock: Knock | None = None
        while not self._over.is_set():
            try:
                data = line.recv(65_536)
            except TimeoutError:
                data = None
            if data == b"":
                return
            now, side = RealClock().now, self.side
            if knock is None:
                came = door.received(data) if data else None
                if isinstance(came, Knock):
                    knock = came
                    self.logons.append(knock.logon)
                    effects = side.begin().accept(now, knock.logon, door.framer)
                elif came is not None:
                    return
                else:
                    continue
            else:
                effects = side.session.received(now, data) if data else side.session.passed(now)
            if out := side.perform(effects):
                line.sendall(out)
            if side.why is not None:
                return


@contextmanager
def accepting(
    settings: SessionSettings,
    application: Application,
    tls: ssl.SSLContext | None = None,
    *,
    kept: int | None = None,
) -> Iterator[Acceptor]:
    """Lend an acceptor that runs."""
    acceptor = Acceptor(settings, application, tls, kept)
    try:
        yield acceptor
    finally:
        acceptor.close()
