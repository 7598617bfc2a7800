"""Sessions that are logged on here, as any thread may see them without asking."""

from collections.abc import Mapping
from math import inf
from threading import Lock
from time import monotonic
from types import MappingProxyType

from fixengine.ports.fix import Identity
from fixengine.supervision.refs import ActorRef

_GRACE = 1.2
"""How many heartbeat intervals a client may be silent."""

_SILENCE_WITHOUT_HEARTBEATS = 30.0
"""Seconds that a client may be silent which agreed on no heartbeats."""


class Life:
    """When a client was last heard; written by the thread that moves bytes.

    `missing_before` is the number before which something is missing that the client was asked for,
    None if there is nothing; written by the session.
    """

    missing_before: int | None = None

    def __init__(self, heartbeat_seconds: int) -> None:
        self._patience = _GRACE * heartbeat_seconds or _SILENCE_WITHOUT_HEARTBEATS
        self._heard_at = monotonic()

    def heard(self) -> None:
        """Take note that something came."""
        self._heard_at = monotonic()

    def ended(self) -> None:
        """Take note that the connection is gone: the client may be back at once."""
        self._heard_at = -inf

    @property
    def silence(self) -> float:
        """Seconds since something came; infinite when the connection is gone."""
        return monotonic() - self._heard_at

    @property
    def is_shown(self) -> bool:
        """Whether the client was heard of late, so that nobody else can be it."""
        return self.silence <= self._patience


class LiveSession:
    """A session actor, and what is known of it."""

    def __init__(self, *, session_id: int, ref: ActorRef, life: Life) -> None:
        self.session_id = session_id
        self.ref = ref
        self.life = life


class LiveSessions:
    """All of this gateway; written by the directory alone."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sessions: Mapping[Identity, LiveSession] = {}

    def all(self) -> Mapping[Identity, LiveSession]:
        """Return those that there are now; what is returned does not change."""
        return self._sessions

    def put(self, identity: Identity, session: LiveSession) -> None:
        """Add a session."""
        with self._lock:
            self._sessions = MappingProxyType({**self._sessions, identity: session})

    def remove(self, identity: Identity) -> None:
        """Remove a session, if it is there."""
        with self._lock:
            self._sessions = MappingProxyType(
                {key: each for key, each in self._sessions.items() if key != identity}
            )
