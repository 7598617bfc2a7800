"""The reports actor: finds out which sessions have something to be told."""

from dataclasses import dataclass

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
        came = self._look()
        self._pause = SHORTEST_PAUSE if came else min(self._pause * _GROWTH, LONGEST_PAUSE)
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
