"""What every stub of a neighbour is: a real HTTP server that can be slow, broken, hung or gone."""

import json
import socket
import threading
from abc import ABC, abstractmethod
from collections import Counter, deque
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

LOOPBACK = "127.0.0.1"
_STOP_SECONDS = 5.0
_DRIP_SECONDS = 1.0


class Mode(StrEnum):
    """How a stub answers: as it should, 500, never, 200 with a page of HTML, a byte a second."""

    NORMAL = "normal"
    ERROR = "error"
    HANG = "hang"
    GARBAGE = "garbage"
    DRIP = "drip"


class Stub(ABC):
    """A threaded HTTP/1.1 server with one address for life, through stops and starts.

    A test may change `latency_seconds` and `mode` at any time; later requests follow them. A stub
    that stops lets go of requests that hang, and refuses connections until it starts again.
    `calls` counts requests by route, `traceparents` has the last such headers.
    """

    def __init__(self, *, port: int, host: str = LOOPBACK) -> None:
        self.url = f"http://{host}:{port}"
        self.mode = Mode.NORMAL
        self.latency_seconds = 0.0
        self.calls: Counter[str] = Counter()
        self.traceparents: deque[str] = deque(maxlen=1000)
        self._address = (host, port)
        self._lock = threading.Lock()
        self._server: _Server | None = None

    @abstractmethod
    def route(self, path: tuple[str, ...]) -> tuple[str, HTTPStatus, Any]:
        """Return the route's name, the status and the JSON body for an unquoted path."""

    def start(self) -> None:
        """Start to listen; does nothing when it does."""
        if self._server is None:
            self._server = _Server(self._address, self)
            self._server.begin()

    def stop(self) -> None:
        """Close the listening socket and every connection; safe to repeat."""
        server, self._server = self._server, None
        if server is not None:
            server.end()

    def answer(self, target: str, stopping: threading.Event) -> tuple[HTTPStatus, str, bytes]:
        """Return status, content type and body for a request target, in due time."""
        path = tuple(unquote(part) for part in urlsplit(target).path.strip("/").split("/"))
        with self._lock:
            name, status, body = self.route(path)
            self.calls[name] += 1
        stopping.wait(self.latency_seconds)
        mode = self.mode
        if mode in {Mode.NORMAL, Mode.DRIP}:
            return status, "application/json", json.dumps(body).encode()
        if mode is Mode.GARBAGE:
            return HTTPStatus.OK, "text/html", b"<html><body>Welcome!</body></html>"
        if mode is Mode.HANG:
            stopping.wait()
        error = json.dumps({"detail": "Internal Server Error"}).encode()
        return HTTPStatus.INTERNAL_SERVER_ERROR, "application/json", error


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True  # the program's end waits for nobody

    def __init__(self, address: tuple[str, int], stub: Stub) -> None:
        super().__init__(address, _Handler)
        self.stub = stub
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._thread = threading.Thread(
            target=self.serve_forever,
            kwargs={"poll_interval": 0.02},
            name=f"stub {stub.url}",
            daemon=True,
        )

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self.stopping.set()
        self.shutdown()
        self._thread.join(_STOP_SECONDS)
        with self._guard:
            for connection in self._connections:
                _hang_up(connection)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up is no event here."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    disable_nagle_algorithm = True  # what does not fit in waits for nothing

    def do_GET(self) -> None:
        if traceparent := self.headers["traceparent"]:
            self.server.stub.traceparents.append(traceparent)
        status, content_type, body = self.server.stub.answer(self.path, self.server.stopping)
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for at in range(len(body) - 1):
            if self.server.stub.mode is not Mode.DRIP or self.server.stopping.is_set():
                self.wfile.write(body[at:])
                return
            self.wfile.write(body[at : at + 1])
            self.wfile.flush()
            self.server.stopping.wait(_DRIP_SECONDS)
        self.wfile.write(body[-1:])

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
