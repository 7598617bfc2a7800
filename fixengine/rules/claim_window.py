"""Where a claim looks: not over what earlier claims have seen, but now and then behind them.

Every fill leaves dead entries in the index that claims read, where its execution used to be due.
While the oldest transaction is long open, as that of a backup is, nobody may clean them up, and a
claim that read them all would soon do nothing else. So it begins at the front, where the last one
ended. The front goes back to rows of which the engine knows that they can be claimed again: it gave
them back, or their last fill was not published yet when they fell due. A sweep finds what else is
left behind, as by other engines. It reads all at once if that is quick, and else in slices, the
latest first, with rests between them.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from fixengine.rules.pace import Pace

EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
"""The beginning of all times that Python can read, in any time zone."""

SWEEP_EVERY = 2.0
"""Seconds from the end of one sweep to the next, at the least."""

MARGIN = timedelta(seconds=0.25)
"""How long a row may take from when it is due until others can see and take it."""

LEFT_WITHIN = timedelta(seconds=30)
"""How far behind the front an engine may have rows in hand: it is not held up for so long."""

_QUICK, _SLOW = 0.04, 0.1  # seconds for a slice, from which the next is wider, or narrower
_ALL = timedelta(days=10_000_000)
_NARROWED_TO_AT_MOST, _NARROWED_TO_AT_LEAST = timedelta(seconds=1), timedelta(milliseconds=1)


class Stretch(NamedTuple):
    """Times at which executions were due, both included; None is now."""

    since: datetime
    until: datetime | None


class ClaimWindow:
    """The stretch of time that each claim is to look at; `clock` is monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._front = self._came_to = EARLIEST  # where it is, and where a claim left it
        self._stretch = Stretch(EARLIEST, None)
        self._began = 0.0
        self._sweeping = Pace(clock)
        self._slice: Stretch | None = None  # what is left of the one begun
        self._behind = EARLIEST  # so far back the sweep has come; there, it is over
        self._width = _ALL
        self._narrowest = _ALL  # the next sweep begins with this width

    @property
    def readable_since(self) -> datetime:
        """From when on all that is due can be read at once: from the earliest, if that is quick."""
        return EARLIEST if min(self._width, self._narrowest) == _ALL else self._front

    def begin(self) -> Stretch:
        """Return where a claim is to look.

        `end` or `fail` says what came of it, neither when it was cut short: what went missing with
        a connection is looked for again.
        """
        self._began = self._clock()
        if self._front == EARLIEST or not self._sweeping.due:
            self._stretch = Stretch(self._front, None)
        else:
            self._slice = self._slice or self._next_slice()
            self._stretch = self._slice
        return self._stretch

    def end(self, now: datetime, *, last_due: datetime | None = None, full: bool = False) -> None:
        """Take note of a claim at `now`, by the clock of the database, which may go back.

        `last_due` is when the last it had was due, None if it had none; `full` says that it was as
        large as it might be. A slice ends with a look that finds nothing: what is found is work,
        and only looks are to be rare.
        """
        took = self._clock() - self._began
        since, until = self._stretch
        if until is None:
            seen_to = now - MARGIN
            came_to = min(last_due, seen_to) if full and last_due else seen_to
            self._front = self._came_to = came_to
            if since == EARLIEST:
                self._sweeping.took(took, at_least=SWEEP_EVERY)
        elif last_due:
            self._slice = Stretch(last_due, until)
        else:
            self._slice = None
            self._swept(took)

    def fail(self, now: datetime) -> None:
        """Take note of a claim that the database ended because it took too long.

        At the front that leaves all up to `now` to the sweep, or no claim would get any further.
        """
        self._narrow(self._width / 8)
        if self._stretch.until is None:
            self._front = self._came_to = now - MARGIN
            self._behind = EARLIEST
            self._sweeping = Pace(self._clock)  # from the front back, at once
        else:
            self._behind = self._stretch.until
            self._sweeping.took(self._clock() - self._began)
        self._slice = None

    def give_back(self, first_due: datetime) -> None:
        """Let what the last claim had be claimed again, which begins with `first_due`.

        A slice rests before it is, or claims that come to nothing would keep others from the front.
        """
        if self._stretch.until is None:
            self.go_back_to(first_due)
        else:
            self._slice = Stretch(first_due, self._stretch.until)
            self._sweeping.took(0, at_least=SWEEP_EVERY)

    def go_back_to(self, due: datetime) -> None:
        """Let the next claim look at what was due then, if earlier ones have passed over that."""
        self._front = min(self._front, due)

    def someone_left(self) -> None:
        """Let the next claim look at what an engine that is gone may have had in hand."""
        self.go_back_to(_before(self._came_to, LEFT_WITHIN))

    def _next_slice(self) -> Stretch:
        until = self._behind
        if until == EARLIEST:
            until = self._front
            self._width, self._narrowest = self._narrowest, _ALL
        self._behind = _before(until, self._width)
        return Stretch(self._behind, until)

    def _swept(self, took: float) -> None:
        if took > _SLOW:
            self._narrow(self._width / 2)
        elif took < _QUICK:
            self._width = min(2 * self._width, _ALL)
        self._sweeping.took(took, at_least=SWEEP_EVERY if self._behind == EARLIEST else 0)

    def _narrow(self, width: timedelta) -> None:
        self._width = max(min(width, _NARROWED_TO_AT_MOST), _NARROWED_TO_AT_LEAST)
        self._narrowest = min(self._narrowest, self._width)


def _before(time: datetime, by: timedelta) -> datetime:
    return time - by if time - EARLIEST > by else EARLIEST
