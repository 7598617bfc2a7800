"""Servers of HTTP that a test makes itself: they answer in a thread, and close without a wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from threading import Thread

_JOIN_SECONDS = 60


@contextmanager
def serving(server: HTTPServer) -> Iterator[None]:
    """Let a server answer, and close it at the end."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(_JOIN_SECONDS)
        server.server_close()
