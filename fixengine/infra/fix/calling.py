"""Connects to an acceptor, until who waits for that has enough.

Nothing can end a look-up of a name. So all of it is done in a thread, which is left to itself then.
"""

import socket
import ssl
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import ExitStack
from threading import Thread

LOOK_SECONDS = 0.2
"""Time between two looks at whether who waits has enough."""

_ANSWER_SECONDS = 10.0
"""Time for each address of a name to answer, and for TLS's handshake."""


def call(
    address: tuple[str, int], tls: ssl.SSLContext | None, *, is_over: Callable[[], bool]
) -> socket.socket:
    """Return a connection; raise OSError if there is none, or `is_over` said so before."""
    connection: Future[socket.socket] = Future()
    Thread(target=_connect, args=(connection, address, tls), name="call", daemon=True).start()
    with ExitStack() as given_up:
        given_up.callback(connection.add_done_callback, _hang_up)
        while not wait((connection,), LOOK_SECONDS).done:
            if is_over():
                raise TimeoutError("nobody waits for it any more")
        given_up.pop_all()
    return connection.result()


def _connect(
    connection: Future[socket.socket], address: tuple[str, int], tls: ssl.SSLContext | None
) -> None:
    try:
        line = socket.create_connection(address, timeout=_ANSWER_SECONDS)
        if tls is not None:
            line = tls.wrap_socket(line, server_hostname=address[0])
        connection.set_result(line)
    except Exception as error:  # noqa: BLE001 - the thread's edge: who waits raises it again
        connection.set_exception(error)


def _hang_up(connection: Future[socket.socket]) -> None:
    if connection.exception() is None:
        connection.result().close()
