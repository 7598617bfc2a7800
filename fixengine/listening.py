"""A port on which clients of either family of addresses are awaited."""

import errno
import socket

_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


_WAITING = 1_024
"""Connections that the system keeps until they are accepted: many clients may come back at once,
and the next one would wait for a second.
"""


def listen(port: int, *, purpose: str) -> socket.socket:
    """Listen on IPv6 and IPv4, on the latter alone where the host has no other.

    Raises OSError when the port can't be had; its sentence says for what it was wanted.
    """
    try:
        return _listen(port)
    except OSError as error:
        sentence = f"port {port} for {purpose} can't be had: {error.strerror}"
        raise OSError(error.errno, sentence) from error


def _listen(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(
                ("::", port), family=socket.AF_INET6, backlog=_WAITING, dualstack_ipv6=True
            )
        except OSError as error:
            if error.errno not in _NO_IPV6:
                raise
    return socket.create_server(("", port), backlog=_WAITING)
