"""How long a request waits, and how many are decided at a time."""

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLimits:
    """The limits of a desk. Times are in seconds."""

    most_at_once: int = 100
    """Requests that one transaction decides at the most."""

    most_waiting: float = inf
    """Requests that wait for executions at the same time. Who asks for one that is not free then is
    told so at once, and those for others go by.
    """

    lock_within: float = 0.2
    """Time that requests wait at a stretch for a claim to give an execution back. Then what is
    free is decided, and the others wait again.
    """

    first_pause: float = 0.01
    """Time after which requests are looked at again whose executions wait for a message or a
    claim. It doubles from one look to the next.
    """

    longest_pause: float = 0.2
    """The most that it comes to."""

    connection_kept: float = 30.0
    """Time without a request after which the connection is closed."""


CHANGE_LIMITS = ChangeLimits(most_waiting=8)
"""The limits of every engine. A thread of REST waits with each request."""
