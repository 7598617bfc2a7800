"""How far back a claim looks: not over what earlier claims have seen, but now and then over all.

Every fill leaves dead entries in the index that claims read, where its execution used to be due.
While the oldest transaction is long open, as that of a backup is, nobody may clean them up, and a
claim that read them all would soon do nothing else. So it begins where the last one ended. A look
over all finds what is passed over that way: rows that another engine had claimed and gave back or
left when it died, and rows whose last fill was not published yet when they fell due.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

from fixengine.pacing import Pace

EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
"""The beginning of all times that Python can read, in any time zone."""

LOOK_BACK_EVERY = 2.0
"""Seconds from one look over all to the next, at the least."""

MARGIN = timedelta(seconds=0.25)
"""How long a row may take from when it is due until others can see and take it."""


class Horizon:
    """From when on claims look for what is due; `clock` is monotonic."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._since = EARLIEST
        self._looks_back = False
        self._looking_back = Pace(clock, at_least=LOOK_BACK_EVERY)
        self._began = 0.0

    def begin(self) -> datetime:
        """Return from when on a claim is to look.

        `end` or `fail` says what came of it, neither when it was cut short: what went missing with
        a connection is to be found soon after.
        """
        self._began = self._clock()
        self._looks_back = self._looking_back.due
        return EARLIEST if self._looks_back else self._since

    def end(self, seen_to: datetime) -> None:
        """Take note of a claim: before `seen_to` nothing is left that it could have had."""
        self._since = seen_to if self._looks_back else max(self._since, seen_to)
        self._rest()

    def fail(self) -> None:
        """Take note of a claim that the database ended because it took too long."""
        self._rest()

    def go_back_to(self, first_due: datetime) -> None:
        """Let the next claim look from there on: what was claimed is given back."""
        self._since = min(self._since, first_due)

    def _rest(self) -> None:
        if self._looks_back:
            self._looking_back.took(self._clock() - self._began)
