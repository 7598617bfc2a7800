"""How much a session takes at once, and how long it waits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """The limits of a session. Times are in seconds."""

    read_bytes: int = 64 * 1024
    """Bytes that one transaction takes, unless a single read has more."""

    reports: int = 200
    """Reports that are read, stored and sent together."""

    pages: int = 4
    """Pages of all sessions that are in memory at a time, to be stored and sent: of reports, of
    mass statuses, and of what is sent again.
    """

    listed: int = 50
    """Orders of a mass status that are read, stored and sent together: others' orders come in
    between.
    """

    listing_rest: float = 1.0
    """Seconds of rest for each second that a page of a mass status takes."""

    listings: int = 16
    """Mass statuses that may wait for their turn before no more of the client is read."""

    unwritten: int = 256 * 1024
    """Bytes that may wait for the client to read them when more reports or a replay are read."""

    look_for_room_every: float = 0.05
    """Time between looks at whether the client has read."""

    patience: float = 30.0
    """Time for the client to read, or for the database and the list of securities to be there."""

    taken_within: float = 8.0
    """Time that a client waits at the door for a session that another gateway still holds."""

    commit_within: float = 15.0
    """Time for the repository to store a step."""


SESSION_LIMITS = SessionLimits()
"""The limits of every session."""
