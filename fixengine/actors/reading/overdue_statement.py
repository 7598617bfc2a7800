"""The watch for a statement of the repository that the database does not end in time."""

from time import monotonic

from fixengine.errors import UnavailableError
from fixengine.ports.queries import ExecutionQueries
from fixengine.supervision.mailbox import mailbox_of
from fixengine.supervision.refs import ActorRef
from fixengine.telemetry.health import Health, Part

LOOK_EVERY = 2.0
"""Seconds between looks."""

LONGEST_STATEMENT = 5.0
"""Seconds after which the server should have ended every statement but those of unhurried work."""

FOUND_OUT_WITHIN = 6.0
"""Seconds after a statement's limit within which a reader knows what it waits for."""

_EXCUSED_FOR = 15.0
"""Seconds that a look excuses the repository: readers may have other questions before the next."""

assert 2 * LOOK_EVERY < FOUND_OUT_WITHIN, "a look that has to wait for another question is in time"
assert FOUND_OUT_WITHIN < _EXCUSED_FOR, "the next look is there before the excuse is over"


class OverdueStatementWatch:
    """A repository that waits can say nothing, and a restart would leave one more such session.

    Where the server answers a reader, and says that it is still at the statement, the part
    `database` is down, and the actor does not count as hung.
    """

    def __init__(
        self, *, repository: ActorRef, executions: ExecutionQueries, health: Health
    ) -> None:
        self._repository = mailbox_of(repository)
        self._executions = executions
        self._health = health

    def look(self) -> None:
        """Say why the repository is held up, if it is; it says itself when that is over."""
        since = self._repository.busy_since
        now = monotonic()
        if (
            since is None
            or now - since < LONGEST_STATEMENT
            or now < self._repository.unhurried_until
        ):
            return
        try:
            reason = self._executions.held_up(LONGEST_STATEMENT, timeout=LOOK_EVERY)
        except UnavailableError:
            return  # nor does the database answer here: it may be the connection
        if reason and self._repository.busy_since == since:
            self._repository.excused_until = monotonic() + _EXCUSED_FOR
            self._health.down(Part.DATABASE, reason)
