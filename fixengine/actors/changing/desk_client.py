"""What REST holds of the desk."""

from collections.abc import Callable
from threading import BoundedSemaphore
from time import monotonic

import pykka

from fixengine.actors.changing.limits import CHANGE_LIMITS
from fixengine.actors.messages import ChangeExecution
from fixengine.errors import UnavailableError
from fixengine.rules.changes import ChangeDecision, ChangeRequest
from fixengine.supervision.refs import ActorRef, ask

DECIDED_WITHIN = 3.0
"""Seconds that a request waits for its decision."""

_GRACE = 0.3  # seconds for the desk to say itself that it was too late

_MOST_AT_ONCE = 12
"""Requests at the same time: more than may wait for their executions, so that others go by, and
fewer than REST has threads, so that other questions are answered.
"""

assert CHANGE_LIMITS.most_waiting < _MOST_AT_ONCE


class DeskClient:
    """Asks the desk; for use from any thread. `find` returns its present incarnation."""

    def __init__(self, find: Callable[[], ActorRef | None]) -> None:
        self._find = find
        self._room = BoundedSemaphore(_MOST_AT_ONCE)

    def change(self, request: ChangeRequest) -> ChangeDecision:
        """Have a request decided; raises as the port says.

        The same request with the same key then changes nothing twice.
        """
        desk = self._find()
        if desk is None:
            raise UnavailableError("the desk is being started")
        if not self._room.acquire(blocking=False):
            raise UnavailableError(f"{_MOST_AT_ONCE} requests to change executions are under way")
        try:
            deadline = monotonic() + DECIDED_WITHIN
            asked = ChangeExecution(request=request, deadline=deadline)
            decision = ask(desk, asked, timeout=DECIDED_WITHIN)
            return decision.get(timeout=max(deadline - monotonic(), 0) + _GRACE)
        except pykka.Timeout as error:
            raise UnavailableError("the desk did not decide in time") from error
        finally:
            self._room.release()
