"""A client's connection as it is accepted: how the system keeps it, and whose it is."""

import socket
from ipaddress import IPv6Address, ip_address

_SILENCE_SECONDS = 10
_PROBE_SECONDS = 5
_PROBES = 3
_OPTIONS = {
    "TCP_NODELAY": 1,
    "TCP_KEEPIDLE": _SILENCE_SECONDS,
    "TCP_KEEPINTVL": _PROBE_SECONDS,
    "TCP_KEEPCNT": _PROBES,
    "TCP_USER_TIMEOUT": (_SILENCE_SECONDS + _PROBE_SECONDS * _PROBES) * 1_000,
}
"""A client whose host is gone is found out in 25 s, whether we say anything or not."""


def prepare(connection: socket.socket) -> None:
    """Have it never block, send at once, and end when its client is gone. Raises OSError."""
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS.items():
        if hasattr(socket, name):  # not every system has all of them
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def plain(host: str) -> str:
    """Return an address as its owner writes it: of IPv4 if it is one."""
    address = ip_address(host)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return host
