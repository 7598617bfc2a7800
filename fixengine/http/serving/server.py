"""A WSGI server in a thread of its own, with bounds on what clients can take from it."""

from contextlib import suppress
from select import POLLIN, POLLOUT, POLLPRI, poll
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.server import create_server

from fixengine.http.serving.connections import Connection, to_end
from fixengine.http.serving.limits import CLIENT_LIMITS, ClientLimits
from fixengine.http.serving.trigger import Trigger
from fixengine.http.serving.workers import Workers
from fixengine.listening import listen
from fixengine.supervision.duty import Duty

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_SETTINGS: dict[str, Any] = {
    "ident": None,
    "clear_untrusted_proxy_headers": False,  # nobody here reads what proxies add
    "expose_tracebacks": False,
    "log_socket_errors": False,
}

_SILENT_EVERY_SECONDS = 5
"""Time between two looks for connections that have been silent."""

_DAWDLING_EVERY_SECONDS = 0.2
"""Time between two looks for connections that dawdle, while there is traffic."""

_TURN_SECONDS = 1.0
"""Time that one turn waits for traffic while there are connections that may dawdle."""

_REST_SECONDS = 0.1
"""Time after a turn that failed, as the next one may."""

_FAREWELL_SECONDS = 0.2
"""Time for idle threads to end."""

CLOSE_SECONDS = 2 * _FAREWELL_SECONDS
"""What is left of a stop's time after the last answer."""

# silence is found out late by one look at the most, and dawdling by one turn
assert CLIENT_LIMITS.silent > 2 * _SILENT_EVERY_SECONDS
assert CLIENT_LIMITS.exchange > 2 * _TURN_SECONDS


class Server:
    """One application on one port, with `threads` to answer requests and one to move bytes.

    Each server has its own sockets and threads: none can hold up another. It is whole with twelve
    attributes, one server's sockets, threads and bounds, for all start and stop together.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        port: int,
        name: str,
        threads: int,
        prefix: str | None = None,
        limits: ClientLimits = CLIENT_LIMITS,
    ) -> None:
        """Take the parts; paths may begin with `prefix`, which the application does not see."""
        self._limits = limits
        self._app = app
        self._prefix = prefix or ""
        self._port = port
        self._name = name
        self._threads = threads
        self._sockets: dict[int, Any] = {}
        self._workers: Any = None  # as the server
        self._server: Any = None  # waitress has types, but wrong ones for what a stop needs
        self._thread = Thread(target=self._run, name=f"http-{name}", daemon=True)
        self._stopping = Event()
        self._deadline = 0.0
        self._next_look = 0.0

    @property
    def port(self) -> int:
        """The port it listens on; for port 0, the actual one once it is started."""
        return self._port

    def start(self) -> None:
        """Listen and begin to answer; raises OSError when the port can't be had."""
        listener = listen(self._port, purpose=self._name)
        self._port = listener.getsockname()[1]
        self._workers = Workers(self._threads)
        self._server = create_server(
            self._app,
            map=self._sockets,
            sockets=[listener],
            _dispatcher=self._workers,
            url_prefix=self._prefix,
            connection_limit=self._limits.possible_connections(),
            channel_timeout=self._limits.silent,
            cleanup_interval=_SILENT_EVERY_SECONDS,
            max_request_header_size=self._limits.head,
            max_request_body_size=self._limits.body,
            outbuf_high_watermark=self._limits.unread,
            **_SETTINGS,
        )
        self._server.channel_class = Connection
        self._server.trigger.close()
        self._server.trigger = Trigger(self._sockets)  # type: ignore[arg-type]  # it is by number
        self._thread.start()

    def stop(self, within: float) -> None:
        """Take no more connections, finish pending requests, close all, within so many seconds.

        Safe to call before `start`, and twice.
        """
        if self._server is None or self._stopping.is_set():
            return
        self._deadline = monotonic() + within - CLOSE_SECONDS
        self._stopping.set()
        with suppress(OSError):  # its thread has seen it by itself, and has closed the trigger
            self._server.pull_trigger()
        self._thread.join(within)

    def _run(self) -> None:
        duty = Duty(f"to serve the port for {self._name}")
        while not self._stopping.is_set():
            if not duty.done(self._serve):
                self._stopping.wait(_REST_SECONDS)
        wasyncore.dispatcher.close(self._server)  # the listener alone
        while self._is_busy() and self._left() > 0:
            self._turn(self._left())
        for connection in tuple(self._server.active_channels.values()):
            connection.handle_close()
        self._workers.shutdown(timeout=max(self._left(), _FAREWELL_SECONDS))
        self._server.trigger.close()

    def _serve(self) -> None:
        self._turn(_TURN_SECONDS if self._server.active_channels else None)
        self._end_overdue()

    def _end_overdue(self) -> None:
        now = monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _DAWDLING_EVERY_SECONDS
        connections = list(self._server.active_channels.values())
        for connection in to_end(connections, self._limits, now=now):
            connection.handle_close()

    def _turn(self, timeout: float | None) -> None:
        """Move bytes once: look at all sockets, wait, and serve those at which something is new."""
        watch = poll()
        for number, each in tuple(self._sockets.items()):
            events = POLLIN | POLLPRI if each.readable() else 0
            if each.writable() and not each.accepting:
                events |= POLLOUT
            if events:
                watch.register(number, events)
        self._workers.begin()
        for number, events in watch.poll(None if timeout is None else timeout * 1000):
            each = self._sockets.get(number)
            if each is not None:  # as what was served before may have closed it
                wasyncore.readwrite(each, events)

    def _is_busy(self) -> bool:
        return any(
            connection.requests or connection.total_outbufs_len
            for connection in self._server.active_channels.values()
        )

    def _left(self) -> float:
        return self._deadline - monotonic()
