"""A WSGI server in a thread of its own, with bounds on what clients can take from it."""

import errno
import socket
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.server import create_server

from fixengine.http.serving.connections import UNREAD, Connection, most_connections, to_end
from fixengine.http.serving.trigger import Trigger
from fixengine.supervision.duty import Duty

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_BOUNDS: dict[str, Any] = {
    # seconds that a connection may be silent, looked at every so many; see also `connections`
    "channel_timeout": 15,
    "cleanup_interval": 5,
    # every request is a GET: a few hundred bytes, and cookies of others that a browser adds
    "max_request_header_size": 16_384,
    "max_request_body_size": 16_384,
    # a thread that answers waits for a client from here on, and that client is let go at once
    "outbuf_high_watermark": UNREAD,
    "ident": None,
    "clear_untrusted_proxy_headers": False,  # nobody here reads what proxies add
    "expose_tracebacks": False,
    "log_socket_errors": False,
}
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_TURN = 1.0  # seconds between looks at connections that idle
_REST = 0.1  # seconds after a turn that failed, as the next one may
_LOOK_EVERY = 0.2  # seconds between looks at connections that dawdle, while there is traffic
_FAREWELL = 0.2  # seconds for idle threads to end
_TO_CLOSE = 2 * _FAREWELL  # seconds of a stop's time after the last answer


class Server:
    """One application on one port, with `threads` to answer requests and one to move bytes.

    Each server has its own sockets and threads: none can hold up another.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        port: int,
        name: str,
        threads: int,
        prefix: str | None = None,
    ) -> None:
        """Take the parts; paths may begin with `prefix`, which the application does not see."""
        self._app = app
        self._prefix = prefix or ""
        self._port = port
        self._name = name
        self._threads = threads
        self._sockets: dict[int, Any] = {}
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
        try:
            listener = _listen(self._port)
        except OSError as error:
            sentence = f"port {self._port} for {self._name} can't be had: {error.strerror}"
            raise OSError(error.errno, sentence) from error
        self._port = listener.getsockname()[1]
        self._server = create_server(
            self._app,
            map=self._sockets,
            sockets=[listener],
            threads=self._threads,
            url_prefix=self._prefix,
            connection_limit=most_connections(),
            **_BOUNDS,
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
        self._deadline = monotonic() + within - _TO_CLOSE
        self._stopping.set()
        self._server.pull_trigger()
        self._thread.join(within)

    def _run(self) -> None:
        duty = Duty(f"to serve the port for {self._name}")
        while not self._stopping.is_set():
            if not duty.done(self._serve):
                self._stopping.wait(_REST)
        wasyncore.dispatcher.close(self._server)  # the listener alone
        while self._is_busy() and self._left() > 0:
            self._turn(self._left())
        for connection in tuple(self._server.active_channels.values()):
            connection.handle_close()
        self._server.task_dispatcher.shutdown(timeout=max(self._left(), _FAREWELL))
        self._server.trigger.close()

    def _serve(self) -> None:
        self._turn(_TURN)
        self._end_overdue()

    def _end_overdue(self) -> None:
        now = monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_EVERY
        for connection in to_end(list(self._server.active_channels.values()), now=now):
            connection.handle_close()

    def _turn(self, timeout: float) -> None:
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._sockets, count=1)

    def _is_busy(self) -> bool:
        return any(
            connection.requests or connection.total_outbufs_len
            for connection in self._server.active_channels.values()
        )

    def _left(self) -> float:
        return self._deadline - monotonic()


def _listen(port: int) -> socket.socket:
    """Listen on IPv6 and IPv4, on the latter alone where the host has no other."""
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
        except OSError as error:
            if error.errno not in _NO_IPV6:
                raise
    return socket.create_server(("", port))
