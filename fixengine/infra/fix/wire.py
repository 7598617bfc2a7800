"""A connection that never blocks, with TLS around it or not: both look alike from here."""

import select
import socket
import ssl
import struct
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE

from fixengine.infra.fix.tls import names_in

_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_CLOSED = getattr(select, "POLLRDHUP", 0)  # without it, an end is only seen by who reads
_NO_LINGERING = struct.pack("ii", 1, 0)


class Wire:
    """Its owner sees to it that no two threads are in it: TLS has one state for both directions."""

    def __init__(self, connection: socket.socket) -> None:
        """Take a connection that is set not to block."""
        self.connection = connection

    @property
    def has_tls(self) -> bool:
        """Say whether there has to be a handshake before anything else."""
        return isinstance(self.connection, ssl.SSLSocket)

    @property
    def names(self) -> frozenset[str]:
        """Common name and alternative names of the client's certificate, if it showed one."""
        if isinstance(self.connection, ssl.SSLSocket):
            return names_in(self.connection)
        return frozenset()

    @property
    def is_deserted(self) -> bool:
        """Say whether the client has closed its side, though not all that it said is read."""
        watch = select.poll()
        watch.register(self.connection, _CLOSED)
        return bool(watch.poll(0))

    def shake(self) -> int:
        """Go on with the handshake; return the event it waits for, 0 when it is done.

        Raises OSError when the two sides can't agree.
        """
        if isinstance(self.connection, ssl.SSLSocket):
            try:
                self.connection.do_handshake()
            except ssl.SSLWantReadError:
                return EVENT_READ
            except ssl.SSLWantWriteError:
                return EVENT_WRITE
        return 0

    def read(self, most: int) -> bytes | None:
        """Return what is there, nothing at the end, None when there is nothing now.

        `most` is at least a record of TLS: what a record leaves nobody would be told of. Raises
        OSError when the connection is lost.
        """
        try:
            return self.connection.recv(most)
        except _NOT_NOW:
            return None

    def write(self, data: bytes | bytearray) -> int:
        """Return how many of the bytes are written; TLS wants those again that are not, and first.

        Raises OSError when the connection is lost.
        """
        try:
            return self.connection.send(data)
        except _NOT_NOW:
            return 0

    def finish(self) -> None:
        """Say that nothing follows; what comes may still be read."""
        with suppress(OSError):  # the client is gone
            if isinstance(self.connection, ssl.SSLSocket):
                with suppress(OSError):  # it is said, and TLS wants to hear the same
                    self.connection.unwrap()
            self.connection.shutdown(socket.SHUT_WR)

    def close(self, *, drops: bool) -> None:
        """Close it; `drops` what the system still keeps for the client."""
        if drops:
            with suppress(OSError):  # it is lost already
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        self.connection.close()
