"""What clients may take of a server: what the engine is built for, not an option."""

import resource
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLimits:
    """The limits of one server's clients. Times are in seconds, sizes in bytes."""

    silent: int = 15
    """Time that a connection may be silent between two requests."""

    exchange: float = 30.0
    """Time from a request's first byte until its answer has been taken, however it trickles."""

    head: int = 16_384
    """Size of a request's first line and headers: every request has a few hundred bytes, and
    the cookies of others that a browser adds.
    """

    body: int = 16_384
    """Size of a request's body: those that are read have less than a hundred."""

    unread: int = 2 * 2**20
    """Size of the answers that one connection may leave unread: more than any one answer has. A
    thread that answers waits for a client from here on, and that client is let go at once.
    """

    unread_by_all: int = 32 * 2**20
    """Size of the answers that all connections together may leave unread."""

    connections: int = 256
    """Connections at a time: more than a hundred that dawdle leave room for others, and each costs
    some 10 kB. Where the process may have few open files there are fewer.
    """

    def possible_connections(self) -> int:
        """Return how many connections a server may take, by the process's limit of open files."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files == resource.RLIM_INFINITY:
            return self.connections
        return max(min((files - _OF_THE_ENGINE) // 2, self.connections), _FEWEST)


CLIENT_LIMITS = ClientLimits()
"""The limits of every engine's clients."""

_FEWEST = 4
"""Connections that a server takes in any case."""

_OF_THE_ENGINE = 128
"""Open files that no client of either server can take."""

# one connection alone does not make all others suffer, and a silent one is in no exchange
assert CLIENT_LIMITS.unread < CLIENT_LIMITS.unread_by_all
assert CLIENT_LIMITS.silent < CLIENT_LIMITS.exchange
