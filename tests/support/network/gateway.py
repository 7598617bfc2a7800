"""A gateway as the suite has one: it takes a prefix away from paths, and knows other services."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import urllib3

from tests.support.network.serving import serving

PREFIX = "/fix-engine"
_OWN = {"host", "connection", "content-length", "accept-encoding"}
_HOP_BY_HOP = {"connection", "transfer-encoding", "date", "server"}


class Gateway(ThreadingHTTPServer):
    """Passes on what begins with PREFIX, without it; `astray` are the paths of all else."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = f"http://127.0.0.1:{port}"
        self.pool = urllib3.PoolManager(maxsize=16, retries=False, timeout=60)
        self.url = f"http://127.0.0.1:{self.server_port}{PREFIX}"
        self.astray: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_GET(self) -> None:
        self._pass_on(b"")

    def do_POST(self) -> None:
        self._pass_on(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _pass_on(self, body: bytes) -> None:
        if not self.path.startswith(f"{PREFIX}/"):
            self.server.astray.append(self.path)
            self.send_error(404, "another service")
            return
        answer = self.server.pool.request(
            self.command,
            self.server.behind + self.path.removeprefix(PREFIX),
            body=body or None,
            headers={name: text for name, text in self.headers.items() if name.lower() not in _OWN},
            redirect=False,
        )
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.data)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def gateway(port: int) -> Iterator[Gateway]:
    """Lend a gateway before the service at a port."""
    server = Gateway(port)
    with serving(server):
        yield server
