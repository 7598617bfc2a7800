"""The reports actor: finds out which sessions have something to be told."""

from dataclasses import dataclass
from time import monotonic

from fixengine.actors.gateway.live import LiveSessions
from fixengine.actors.gateway.messages import ReportsWait
from fixengine.errors import UnavailableError
from fixengine.ports.fix import FixBooks
from fixengine.supervision.actor import Actor
from fixengine.supervision.mailbox import mailbox_of
from fixengine.supervision.refs import tell
from fixengine.telemetry.outage import Outage

SHORTEST_PAUSE = 0.02
"""Seconds between looks while something comes."""

LONGEST_PAUSE = 0.25
"""Seconds between looks when nothing has come for a while."""

_GROWTH = 1.3
_REST = 4.0  # seconds of rest for each second of looking
_LONGEST_REST = 1.0


@dataclass(frozen=True, slots=True)
class _Look:
    """Reports → itself: who has something to be told?"""


class Reports(Actor):
    """Looks often while something comes, and seldom when nothing does."""

    def __init__(self, *, books: FixBooks, live: LiveSessions) -> None:
        super().__init__()
        self._books = books
        self._sessions = live
        self._pause = LONGEST_PAUSE
        self._outage = Outage("reports wait", "reports go on")

    def boot(self) -> None:
        self.actor_ref.tell(_Look())

    def receive(self, _message: _Look) -> None:
        began = monotonic()
        came = self._look()
        self._pause = next_pause(self._pause, came=came, took=monotonic() - began)
        self.tell_later(self._pause, _Look())

    def _look(self) -> bool:
        """Tell the sessions; say whether there were any."""
        refs = {each.session_id: each.ref for each in self._sessions.all().values()}
        if not refs:
            return False
        try:
            waiting = self._books.waiting(refs)
        except UnavailableError as error:
            self._outage.begin(str(error))
            return False
        self._outage.end()
        for session_id in waiting:
            ref = refs[session_id]
            if not mailbox_of(ref).waiting(ReportsWait):
                tell(ref, ReportsWait())
        return bool(waiting)


def next_pause(pause: float, *, came: bool, took: float) -> float:
    """Return the seconds until the next look, from those before it and those that it took.

    While PostgreSQL can't clean up, as during a long backup, a look goes by all that was told
    meanwhile. Then looks come seldom, instead of keeping the database busy.
    """
    usual = SHORTEST_PAUSE if came else min(pause * _GROWTH, LONGEST_PAUSE)
    return max(usual, min(took * _REST, _LONGEST_REST))
