"""What clients may take of a gateway: what it is built for, not an option."""

import resource
from dataclasses import dataclass

from fixengine.fix.door import LOGON_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLimits:
    """The limits of a gateway's lines. Times are in seconds, sizes in bytes."""

    lines: int = 1_024
    """Lines at a time. Where the process may have few open files there are fewer."""

    strangers: int = 256
    """Lines at a time that no session has taken yet. One more, and the one that has been there for
    the longest goes, of the owner of addresses who has most of them: who says Logon at once comes
    in beside any crowd.
    """

    arrival: float = LOGON_SECONDS
    """Time from a connection's beginning until its Logon is there, TLS's handshake included."""

    logon: int = 16_384
    """Size of a Logon. It is as large as a record of TLS: each read empties one."""

    decision: float = 30.0
    """Time from a Logon, or from when somebody was last at work for those who wait, until a session
    takes the line, or closes it.
    """

    unhandled: int = 256 * 2**10
    """Size of what a session may leave unhandled, before no more of it is read."""

    kept: int = 256 * 2**10
    """Size of what the system keeps of a line in each direction; it takes twice as much for it. By
    itself it would keep megabytes of each client that reads nothing, or is not read.
    """

    unwritten: int = 4 * 2**20
    """Size of what a client may leave unread, beyond what the system keeps for it."""

    unwritten_by_all: int = 32 * 2**20
    """Size of what all clients together may leave unread: the worst goes."""

    stalled: float = 25.0
    """Time in which a client reads nothing of what waits for it, as the system allows it, too."""

    farewell: float = 2.0
    """Time for the last bytes of a line that is closed, and as much for the client to close it."""

    look: float = 0.5
    """Time between two looks for what takes too long."""

    def possible_lines(self) -> int:
        """Return how many lines there may be, by the process's limit of open files."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files == resource.RLIM_INFINITY:
            return self.lines
        return max(min((files - _OF_THE_GATEWAY) // 2, self.lines), _FEWEST)


LINE_LIMITS = LineLimits()
"""The limits of every gateway."""

_FEWEST = 4
"""Lines that there may be in any case."""

_OF_THE_GATEWAY = 128
"""Open files that no client can take."""

assert LINE_LIMITS.logon >= 2**14  # the largest record of TLS, RFC 8446, section 5.1
assert LINE_LIMITS.unwritten < LINE_LIMITS.unwritten_by_all
