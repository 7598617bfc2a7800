"""Clients of a FIX gateway that cost little: messages are written before, answers are counted."""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Self

from fixengine.demo.errors import DemoError
from fixengine.fix.formats import write_timestamp
from fixengine.fix.framing import encode

_PATIENCE_SECONDS = 60.0
_PIECE = 65_536
_REPORT = b"\x0135=8\x01"
_BEGIN = b"FIX.4.4"
_LOGON_REPLY = b"\x0135=A\x01"


class Wire:
    """One session, logged on; `reports` counts the ExecutionReports that came."""

    def __init__(self, address: tuple[str, int], peer: bytes, target: bytes) -> None:
        """Connect, and log on with both numbers at 1."""
        self.reports = 0
        self._peer, self._target = peer, target
        self._seq = 0
        self._out = bytearray()
        self._tail = b""
        self.socket = socket.create_connection(address, timeout=_PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(self.written(b"A", b"98=0\x01108=60\x01141=Y\x01"))
        reply = self.socket.recv(_PIECE)
        if _LOGON_REPLY not in reply:
            raise DemoError(f"the gateway takes no Logon: {reply!r}")
        self.socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def written(self, kind: bytes, body: bytes) -> bytes:
        """Return a message with the next number."""
        self._seq += 1
        header = b"35=%b\x0134=%d\x0149=%b\x0152=%b\x0156=%b\x01" % (
            kind,
            self._seq,
            self._peer,
            write_timestamp(datetime.now(UTC)),
            self._target,
        )
        return encode(_BEGIN, header + body)

    def orders(self, count: int, symbols: Sequence[str]) -> list[bytes]:
        """Return so many orders at the market."""
        now = write_timestamp(datetime.now(UTC))
        return [
            self.written(
                b"D",
                b"11=%b-%d\x0121=1\x0155=%b\x0154=1\x0160=%b\x0138=100\x0140=1\x01"
                % (self._peer, self._seq, symbols[n % len(symbols)].encode(), now),
            )
            for n in range(count)
        ]

    def send(self, data: bytes) -> None:
        """Write what can be written, and keep the rest for `move`."""
        self._out += data
        self._write()

    def move(self) -> None:
        """Write what waits, and count what came."""
        self._write()
        while True:
            try:
                data = self.socket.recv(_PIECE)
            except BlockingIOError:
                return
            if not data:
                raise DemoError(f"the gateway closed the connection of {self._peer.decode()}")
            self._tail += data
            self.reports += self._tail.count(_REPORT)
            self._tail = self._tail[-(len(_REPORT) - 1) :]

    def _write(self) -> None:
        try:
            while self._out:
                del self._out[: self.socket.send(self._out[:_PIECE])]
        except BlockingIOError:
            pass


@contextmanager
def wires(address: tuple[str, int], count: int, target: bytes) -> Iterator[list[Wire]]:
    """Lend so many sessions."""
    lent: list[Wire] = []
    try:
        lent.extend(Wire(address, b"BENCH%d" % number, target) for number in range(count))
        yield lent
    finally:
        for wire in lent:
            wire.socket.close()


def acknowledged(lent: Sequence[Wire], orders: Sequence[Sequence[bytes]], *, window: int) -> float:
    """Send all orders, each wire at most `window` ahead of its reports; return the seconds."""
    done = [wire.reports for wire in lent]
    sent = [0] * len(lent)
    began = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for number, wire in enumerate(lent):
            selector.register(wire.socket, selectors.EVENT_READ, number)
        waiting = set(range(len(lent)))
        ready = list(waiting)
        while waiting:
            for number in ready:
                wire = lent[number]
                wire.move()
                told = wire.reports - done[number]
                until = min(told + window, len(orders[number]))
                if sent[number] < until:
                    wire.send(b"".join(orders[number][sent[number] : until]))
                    sent[number] = until
                if told >= len(orders[number]):
                    waiting.discard(number)
            _in_time(began)
            ready = [key.data for key, _ in selector.select(0.01)]
    return time.monotonic() - began


def latencies(wire: Wire, orders: Sequence[bytes], *, rate: float) -> list[float]:
    """Send orders at so many a second; return the seconds until each was acknowledged."""
    before = wire.reports
    took: list[float] = []
    sent_at: list[float] = []
    began = time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(wire.socket, selectors.EVENT_READ)
        while len(took) < len(orders):
            now = time.monotonic()
            due = min(int((now - began) * rate) + 1, len(orders))
            while len(sent_at) < due:
                wire.send(orders[len(sent_at)])
                sent_at.append(began + len(sent_at) / rate)  # a late one has waited since then
            wire.move()
            now = time.monotonic()
            took += [now - at for at in sent_at[len(took) : wire.reports - before]]
            _in_time(began)
            selector.select(1 / rate)
    return took


def replayed(wire: Wire, count: int) -> Iterator[float]:
    """Ask for all messages again; yield the seconds as they come, at last those of all of them."""
    before, began = wire.reports, time.monotonic()
    wire.send(wire.written(b"2", b"7=1\x0116=0\x01"))
    with selectors.DefaultSelector() as selector:
        selector.register(wire.socket, selectors.EVENT_READ)
        while wire.reports - before < count:
            selector.select(0.1)
            wire.move()
            _in_time(began)
            yield time.monotonic() - began


def _in_time(began: float) -> None:
    if time.monotonic() - began > 10 * _PATIENCE_SECONDS:
        raise DemoError("the gateway does not answer")
