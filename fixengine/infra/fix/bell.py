"""What wakes a thread that waits for sockets."""

import socket
from contextlib import suppress
from threading import Lock


class Bell:
    """Wakes the thread: one byte is enough for all who ring before it is heard."""

    def __init__(self) -> None:
        self.socket, self._ours = socket.socketpair()
        self.socket.setblocking(False)
        self._ours.setblocking(False)
        self._lock = Lock()
        self._is_rung = False

    def ring(self) -> None:
        """Wake it. Of any thread, also after `close`."""
        with self._lock, suppress(OSError):
            if not self._is_rung:
                self._is_rung = True
                self._ours.send(b"\0")

    def heard(self) -> None:
        """Take note, before looking at what there is to do."""
        with self._lock:
            self._is_rung = False
            self.socket.recv(1)

    def close(self) -> None:
        """Give the descriptors back. Safe to repeat."""
        with self._lock:
            self.socket.close()
            self._ours.close()
