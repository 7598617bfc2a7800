"""Clients of REST in a process of their own, which costs little: it sends bytes and counts."""

import re
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from multiprocessing import get_context
from selectors import EVENT_READ, DefaultSelector
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"transfer-encoding: chunked", re.IGNORECASE)
_LAST_CHUNK = b"\r\n0\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Answers a second, and the seconds in which 99 of 100 came."""

    rate: float
    p99: float


def answers(url: str, paths: Sequence[str], *, seconds: float, clients: int) -> Answers:
    """Let so many clients ask for `paths` in turn, each on a connection that it keeps.

    Raises RuntimeError on an answer that is not a 200.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        took = sorted(pool.submit(_drive, url, paths, seconds, clients).result())
    return Answers(rate=len(took) / seconds, p99=took[int(0.99 * (len(took) - 1))])


class _Client:
    def __init__(self, url: str, paths: Iterator[str]) -> None:
        place = urlsplit(url)
        self.socket = socket.create_connection((place.hostname, place.port or 80), timeout=10)
        self._host = place.netloc
        self._paths = paths
        self._answer = b""
        self._began = 0.0

    def ask(self) -> None:
        self._began, self._answer = time.perf_counter(), b""
        head = f"GET {next(self._paths)} HTTP/1.1\r\nHost: {self._host}\r\n\r\n"
        self.socket.sendall(head.encode())

    def hear(self) -> float | None:
        """Read on; return the seconds that the answer took when it is whole."""
        self._answer += self.socket.recv(1 << 18)
        head, separator, body = self._answer.partition(b"\r\n\r\n")
        if not separator:
            return None
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"no answer to measure: {head[:200]!r}")
        return time.perf_counter() - self._began if _whole(head, body) else None


def _whole(head: bytes, body: bytes) -> bool:
    """Whether a body is all there; raises RuntimeError when its head doesn't tell."""
    if length := _LENGTH.search(head):
        return len(body) >= int(length[1])
    if _CHUNKED.search(head):
        return body.endswith(_LAST_CHUNK)
    raise RuntimeError(f"an answer of unknown length: {head[:200]!r}")


def _drive(url: str, paths: Sequence[str], seconds: float, clients: int) -> list[float]:
    took: list[float] = []
    turns = cycle(paths)
    with DefaultSelector() as selector:
        for _ in range(clients):
            client = _Client(url, turns)
            selector.register(client.socket, EVENT_READ, client)
            client.ask()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for key, _ in selector.select(1):
                heard = key.data.hear()
                if heard is not None:
                    took.append(heard)
                    key.data.ask()
    return took
