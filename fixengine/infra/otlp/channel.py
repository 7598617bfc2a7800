"""Calls over gRPC, one at a time: a message goes out, a message comes back."""

import gzip
import socket
import ssl
from contextlib import suppress
from time import monotonic
from urllib.parse import urlsplit

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event
from h2.exceptions import H2Error

from fixengine import __version__
from fixengine.config.collector import Collector
from fixengine.infra.otlp.answers import (
    DEADLINE_EXCEEDED,
    GONE,
    UNAVAILABLE,
    Answer,
    CallError,
    message_in,
)

_AT_A_TIME = 64 * 2**10  # bytes of one read


class Channel:
    """One connection to a collector, past every proxy: it is the node's.

    It is made when it is needed, and again after it was lost. Only one thread may call.
    """

    def __init__(self, collector: Collector) -> None:
        """Take whom to call, and how. Raises OSError when a certificate can't be read."""
        place = urlsplit(f"//{collector.target}")
        self._address = (place.hostname or "", place.port or 443)
        self._tls = _tls(collector) if collector.tls else None
        self._compressed = collector.compressed
        self._asks = (
            (":method", "POST"),
            (":scheme", "https" if collector.tls else "http"),
            (":authority", collector.target),
        )
        self._says = (
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", f"fixengine/{__version__}"),
            *((("grpc-encoding", "gzip"),) if collector.compressed else ()),
            *((name.lower(), value) for name, value in collector.headers),
        )
        self._connection: _Connection | None = None

    def call(self, path: str, message: bytes, *, timeout: float) -> bytes:
        """Return the answer to a message, in so many seconds at the most; raises CallError."""
        within = ("grpc-timeout", f"{timeout * 1000:.0f}m")
        headers = (*self._asks, (":path", path), *self._says, within)
        body = gzip.compress(message) if self._compressed else message
        flag = b"\1" if self._compressed else b"\0"
        framed = flag + len(body).to_bytes(4) + body
        until = monotonic() + timeout
        connection = None
        try:
            connection = self._connected(until)
            return message_in(connection.exchange(headers, framed, until))
        except (OSError, H2Error) as error:
            self.close()
            if not isinstance(error, TimeoutError):
                raise CallError(UNAVAILABLE, _words(error)) from error
            if connection is None:
                raise CallError(UNAVAILABLE, f"no connection within {timeout:g} s") from error
            raise CallError(DEADLINE_EXCEEDED, f"no answer within {timeout:g} s") from error
        except CallError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection. A call that another thread makes fails. Safe to repeat."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self, until: float) -> "_Connection":
        if self._connection is not None and not self._connection.still_there():
            self.close()
        if self._connection is None:
            self._connection = self._connect(until)
        return self._connection

    def _connect(self, until: float) -> "_Connection":
        plain = socket.create_connection(self._address, _left(until))
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is None:
                return _Connection(plain)
            return _Connection(self._tls.wrap_socket(plain, server_hostname=self._address[0]))
        except BaseException:
            plain.close()
            raise


class _Connection:
    """HTTP/2 on a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._h2 = H2Connection(H2Configuration(client_side=True))
        self._h2.initiate_connection()
        self._usable = True

    def still_there(self) -> bool:
        """Deal with what the server has said since the last call; say if there can be another."""
        self._socket.settimeout(0)
        try:
            while self._usable:
                self._received()
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        except (OSError, H2Error):
            self._usable = False
        return self._usable

    def exchange(self, headers: tuple[tuple[str, str], ...], body: bytes, until: float) -> bytes:
        """Send a request and return the body of its answer, if that is one of gRPC's that is OK."""
        stream = self._h2.get_next_available_stream_id()
        self._h2.send_headers(stream, headers)
        answer = Answer(stream)
        rest = memoryview(body)
        while not answer.ended:
            # a server may answer before it has heard all, and may let us wait with the rest
            while rest and (room := self._room(stream)):
                self._h2.send_data(stream, rest[:room].tobytes(), end_stream=room >= len(rest))
                rest = rest[room:]
            self._send(until)
            self._socket.settimeout(_left(until))
            for event in self._received():
                answer.take(event)
        if rest:
            self._h2.reset_stream(stream)
        self._send(until)
        return answer.body()

    def close(self) -> None:
        """Close it, also under a call."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _room(self, stream: int) -> int:
        return min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)

    def _send(self, until: float) -> None:
        if said := self._h2.data_to_send():
            self._socket.settimeout(_left(until))
            self._socket.sendall(said)

    def _received(self) -> list[Event]:
        """Read once, and return what it was."""
        heard = self._socket.recv(_AT_A_TIME)
        if not heard:
            raise ConnectionError(GONE)
        events = self._h2.receive_data(heard)
        for event in events:
            if isinstance(event, DataReceived):
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, ConnectionTerminated):
                self._usable = False  # what it has taken it still answers
        return events


def _left(until: float) -> float:
    """Return the seconds that are left, for a socket, to which 0 has another meaning."""
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or repr(error)


def _tls(collector: Collector) -> ssl.SSLContext:
    files = collector.certificates
    context = ssl.create_default_context(cafile=files.trusted)
    if files.own is not None:
        context.load_cert_chain(files.own, files.own_key)
    context.set_alpn_protocols(["h2"])
    return context
