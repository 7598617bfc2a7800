"""Listens for clients, and moves the bytes of all of them in one thread.

The module is longer than others: what a turn of this thread does, and in which order, is one thing.
"""

import errno
import socket
from collections import deque
from collections.abc import Callable
from functools import partial
from math import inf
from selectors import EVENT_READ, DefaultSelector
from threading import Event, Thread
from time import monotonic

from fixengine.infra.fix.bell import Bell
from fixengine.infra.fix.callers import plain, prepare
from fixengine.infra.fix.crowd import Crowd
from fixengine.infra.fix.limits import LINE_LIMITS, LineLimits
from fixengine.infra.fix.line import TcpLine
from fixengine.infra.fix.tls import Tls, TlsFiles
from fixengine.infra.fix.wire import Wire
from fixengine.listening import listen
from fixengine.ports.lines import Doorman, Ending, LineCounts
from fixengine.recurring import Recurring
from fixengine.supervision.duty import Duty

_STRANGERS_AT_ONCE = 16
"""Strangers who come in or are read in one turn, so that a flood of them delays nobody else."""

_NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_CLOSED_WITHIN = 0.1
"""Seconds that who closes the port waits for the thread, which is hardly ever busy for so long."""

_REST_SECONDS = 0.1
"""Time after a turn that failed, as the next one may."""


class Listener:
    """One port. It owns its sockets and one thread, which nobody's callback may hold up."""

    def __init__(
        self,
        *,
        port: int,
        counts: LineCounts,
        tls: TlsFiles | None = None,
        limits: LineLimits = LINE_LIMITS,
    ) -> None:
        """Take the parts; without `tls` nothing is encrypted."""
        self._port = port
        self._tls_files = tls
        self._limits = limits
        self._counts = counts
        self._tls: Tls | None = None
        self._doorman: Doorman | None = None
        self._socket: socket.socket | None = None
        self._is_full = False  # no descriptor was left a moment ago
        self._selector: DefaultSelector  # from `start` on
        self._bell: Bell
        self._lines: set[TcpLine] = set()
        self._strangers: Crowd[TcpLine] = Crowd()
        self._asking: deque[TcpLine] = deque()
        self._most = limits.lines
        self._next_look = 0.0
        self._turns = 0
        self._closing = Event()
        self._closed = Event()
        self._stopping = Event()
        self._deadline = 0.0
        self._thread = Thread(target=self._run, name="fix-lines", daemon=True)
        self._duty = Duty("to move the bytes of FIX")
        self._shown_out = Recurring("INFO", "a client was shown out before it had logged on")
        self._full = Recurring("WARNING", "no more connections can be had, clients have to wait")

    @property
    def port(self) -> int:
        """The port it listens on; for port 0, the actual one once it is started."""
        return self._port

    def start(self, doorman: Doorman) -> None:
        """Listen. Raises OSError when the port can't be had, ConfigError for bad certificates."""
        if self._tls_files is not None:
            self._tls = Tls(self._tls_files)
        self._doorman = doorman
        self._most = self._limits.possible_lines()
        self._socket = listen(self._port, purpose="FIX")
        self._socket.setblocking(False)
        for direction in (socket.SO_RCVBUF, socket.SO_SNDBUF):  # all lines inherit it
            self._socket.setsockopt(socket.SOL_SOCKET, direction, self._limits.kept)
        self._port = self._socket.getsockname()[1]
        self._selector = DefaultSelector()
        self._bell = Bell()
        self._selector.register(self._socket, EVENT_READ, self._accept)
        self._selector.register(self._bell.socket, EVENT_READ, self._bell.heard)
        self._thread.start()

    def stop_accepting(self) -> None:
        """Let nobody in any more, and show out who has not logged on. Safe to repeat.

        The port is free when it returns, unless the machine is too busy to close it within 0.1 s.
        """
        self._closing.set()
        if self._thread.ident:
            self._bell.ring()
            self._closed.wait(_CLOSED_WITHIN)

    def stop(self, within: float) -> None:
        """Close all lines, and end within so many seconds; what is to be sent still goes out.

        Safe to call before `start`, and twice.
        """
        if self._thread.ident and not self._stopping.is_set():
            self._deadline = monotonic() + within
            self._stopping.set()
            self.stop_accepting()
            self._thread.join(within + _REST_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._duty.done(self._turn):
                self._stopping.wait(_REST_SECONDS)
        self._close_the_door()
        for line in tuple(self._lines):
            line.close()
        while self._lines and (left := self._deadline - monotonic()) > 0:
            if not self._duty.done(partial(self._turn, left)):
                break
        for line in tuple(self._lines):
            self._do(line, partial(line.end, Ending.GATEWAY, "the gateway stops"))
        self._selector.close()
        self._bell.close()

    def _turn(self, most: float = inf) -> None:
        """Wait until something can be done, for so many seconds at most, and do all of it once."""
        rests = not self._lines and not self._is_full
        strangers: list[tuple[TcpLine, int]] = []
        for key, events in self._selector.select(None if rests else min(self._limits.look, most)):
            if not isinstance(key.data, TcpLine):
                key.data()
            elif key.data.is_stranger:
                strangers.append((key.data, events))
            else:
                self._do(key.data, partial(key.data.move, events))
        self._turns += 1
        begin = self._turns * _STRANGERS_AT_ONCE % max(len(strangers), 1)  # each has his turn
        for line, events in (*strangers[begin:], *strangers[:begin])[:_STRANGERS_AT_ONCE]:
            self._do(line, partial(line.move, events))
        for _ in range(len(self._asking)):
            line = self._asking.popleft()
            self._do(line, line.look)
        if self._closing.is_set():
            self._close_the_door()
        if monotonic() >= self._next_look:
            self._next_look = monotonic() + self._limits.look
            self._look()

    def _accept(self) -> None:
        assert self._socket is not None
        for _ in range(_STRANGERS_AT_ONCE):
            try:
                connection, (host, *_) = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _NO_ROOM:
                    self._make_room(error.strerror or str(error))
                    return
                continue  # this one is gone already
            self._let_in(connection, plain(host))

    def _let_in(self, connection: socket.socket, address: str) -> None:
        assert self._doorman is not None
        try:
            prepare(connection)
            if self._tls is not None:
                connection = self._tls.wrap(connection)
        except OSError:  # the client is gone already
            connection.close()
            return
        line = TcpLine(
            Wire(connection),
            address,
            doorman=self._doorman,
            limits=self._limits,
            attend=self._attend,
            duty=self._duty,
        )
        self._counts.line_began()
        self._lines.add(line)
        self._strangers.add(line)
        self._selector.register(connection, line.events(), line)
        while len(self._strangers) > self._limits.strangers or (
            len(self._lines) > self._most and len(self._strangers)
        ):
            self._dismiss(Ending.CROWD, "others came after it, and there were too many")

    def _dismiss(self, ending: Ending, why: str) -> bool:
        line = self._strangers.first_to_go()
        if line is None:
            return False
        self._do(line, partial(line.end, ending, why))
        return True

    def _make_room(self, why: str) -> None:
        """Let a stranger go, as there is no descriptor; if there is none, wait a while."""
        self._full.happened(why=why)
        if not self._dismiss(Ending.CROWD, f"no descriptor was left: {why}"):
            assert self._socket is not None
            self._selector.unregister(self._socket)
            self._is_full = True

    def _look(self) -> None:
        for line in tuple(self._lines):
            self._do(line, line.look)
        unwritten = sum(line.unwritten for line in self._lines)
        while unwritten > self._limits.unwritten_by_all:
            worst = max(self._lines, key=lambda line: line.unwritten)
            unwritten -= worst.unwritten
            why = "clients read too little of what they are sent, this one the least"
            self._do(worst, partial(worst.end, Ending.UNREAD, why))
        if self._is_full and self._socket is not None:
            self._is_full = False
            self._selector.register(self._socket, EVENT_READ, self._accept)

    def _close_the_door(self) -> None:
        if self._socket is not None:
            if not self._is_full:
                self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None
            self._closed.set()
        while self._dismiss(Ending.GATEWAY, "the gateway stops"):
            pass

    def _attend(self, line: TcpLine) -> None:
        """Have the thread look at a line. Of any thread."""
        self._asking.append(line)
        self._bell.ring()

    def _do(self, line: TcpLine, step: Callable[[], None]) -> None:
        """Do something with a line; whatever fails ends this line alone."""
        if line.ending is not None:
            return
        watched = line.wire.connection.fileno()
        if not self._duty.done(step):
            line.end(Ending.FAULT, "who had it failed")
        self._watch(line, watched)

    def _watch(self, line: TcpLine, descriptor: int) -> None:
        """Wait for what the line waits for."""
        events = line.events()
        key = self._selector.get_map().get(descriptor)
        if key is None:
            if events:
                self._selector.register(line.wire.connection, events, line)
        elif not events:
            self._selector.unregister(descriptor)
        elif key.events != events:
            self._selector.modify(descriptor, events, line)
        if line in self._strangers and not line.is_stranger:
            self._strangers.remove(line)
        if line.ending is not None:
            self._lines.discard(line)
            self._counts.line_ended(line.ending)
            if line.ending in {Ending.LOGON, Ending.TLS, Ending.CROWD}:
                self._shown_out.happened(client=line.address, why=line.why)
