"""Where a claim looks: from where the last one ended, and now and then behind that.

Every fill leaves a dead entry in the index that claims read, at the time when its execution was
due. While a transaction stays open for long, as a backup's does, nobody may clean dead entries up.
A claim that read them all would soon do nothing else. So:

- A claim begins at the front, which is where the last claim ended.
- The front goes back for executions that the engine knows can be claimed again: it gave them back,
  or they fell due before their last fill was published.
- A sweep finds the others behind the front, such as those that other engines left. It reads all
  of them at once if that is quick; else it reads slices, the latest first, and rests between them.
  What a look at the front takes as well is no fault of what is read: the database answers late.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from fixengine.rules.pace import Pace

EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
"""The earliest time that Python can read in any time zone."""

SWEEP_EVERY = 2.0
"""Seconds that at least pass between the end of one sweep and the next."""

MARGIN = timedelta(seconds=0.25)
"""Time from when a row is due until everybody can see and take it."""

LEFT_WITHIN = timedelta(seconds=60)
"""How far behind the front rows may be that an engine has in hand: none keeps a row for so long,
and if it dies, others have published its fills by then.
"""

_QUICK = 0.04  # seconds; after a slice that took less, the next is wider
_SLOW = 0.1  # seconds; after a slice that took more, the next is narrower
_ALL = timedelta(days=10_000_000)  # the width of a slice that has everything
_WIDEST_SLICE, _NARROWEST_SLICE = timedelta(seconds=1), timedelta(milliseconds=1)  # once it is slow

assert MARGIN < LEFT_WITHIN
assert _QUICK < _SLOW < SWEEP_EVERY
assert _NARROWEST_SLICE < _WIDEST_SLICE < LEFT_WITHIN


class DueTimes(NamedTuple):
    """The times at which executions fell due, both ends included; an `until` of None is now."""

    since: datetime
    until: datetime | None


class ClaimWindow:
    """The times that each claim looks at; `clock` is monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._front = EARLIEST  # where the next claim begins
        self._came_to = EARLIEST  # where the last claim ended
        self._times = DueTimes(EARLIEST, None)
        self._began = 0.0
        self._late = 0.0  # seconds that the last look at the front took
        self._sweeping = Pace(clock)
        self._slice: DueTimes | None = None  # what is left of the slice that was begun
        self._behind = EARLIEST  # where the last slice of the sweep began; at EARLIEST it is over
        self._width = _ALL  # of the next slice
        self._narrowest = _ALL  # of this sweep's slices; the next sweep begins with it

    @property
    def readable_since(self) -> datetime:
        """From which time on all that is due can be read at once without taking too long."""
        return EARLIEST if min(self._width, self._narrowest) == _ALL else self._front

    def begin(self, *, at_rest: bool = False) -> DueTimes:
        """Return the times that a claim is to look at.

        `end` or `fail` says what came of it. Where a lost connection cut the claim short, neither
        is called, and the next claim looks at the same times. `at_rest` means that probably nothing
        is due: front and sweep may be one look. If it finds anything, the claim begins again.
        """
        self._began = self._clock()
        if self._front == EARLIEST or not self._sweeping.due:
            self._times = DueTimes(self._front, None)
        elif at_rest and self._sweep_is_whole:
            self._width = _ALL
            self._times = DueTimes(EARLIEST, None)
        else:
            self._slice = self._slice or self._next_slice()
            self._times = self._slice
        return self._times

    def end(self, now: datetime, *, last_due: datetime | None = None, full: bool = False) -> None:
        """Take note of a claim at `now`, by the clock of the database, which may go back.

        `last_due` is when its last row was due, None if it found no row; `full` says that it found
        as many as it may have. A slice ends with a look that finds nothing: only looks have to be
        rare, and rows that are found are work.
        """
        took = self._clock() - self._began
        reading = max(took - self._late, 0)
        since, until = self._times
        if until is None:
            seen_to = now - MARGIN
            came_to = min(last_due, seen_to) if full and last_due else seen_to
            self._front = self._came_to = came_to
            if since > EARLIEST:
                self._late = took
            elif last_due:  # what was found took time, too
                self._sweeping.took(reading, at_least=SWEEP_EVERY)
            else:
                self._swept(reading)
        elif last_due:
            self._slice = DueTimes(last_due, until)
        else:
            self._slice = None
            self._swept(reading)

    def fail(self, now: datetime) -> None:
        """Take note of a claim that the database ended because it took too long.

        One at the front leaves all up to `now` to the sweep, or no claim would get any further.
        """
        self._narrow(self._width / 8)
        if self._times.until is None:
            self._front = self._came_to = now - MARGIN
            self._behind = EARLIEST
            self._sweeping = Pace(self._clock)  # from the front back, at once
        else:
            self._behind = self._times.until
            self._sweeping.took(self._clock() - self._began)
        self._slice = None

    def give_back(self, first_due: datetime) -> None:
        """Let the rows of the last claim be claimed again, the first of which fell due then.

        Those of a slice have a rest before: claims that come to nothing must not keep others from
        the front.
        """
        if self._times.until is None:
            self.go_back_to(first_due)
        else:
            self._slice = DueTimes(first_due, self._times.until)
            self._sweeping.took(0, at_least=SWEEP_EVERY)

    def go_back_to(self, due: datetime) -> None:
        """Let the next claim look at what fell due then, if the front is already later."""
        self._front = min(self._front, due)

    def someone_left(self) -> None:
        """Let the next claim look for rows that an engine left that is gone."""
        self.go_back_to(_before(self._came_to, LEFT_WITHIN))

    @property
    def _sweep_is_whole(self) -> bool:
        """Whether the next sweep begins anew, and is to read everything at once."""
        return self._slice is None and self._behind == EARLIEST and self._narrowest == _ALL

    def _next_slice(self) -> DueTimes:
        until = self._behind
        if until == EARLIEST:
            until = self._front
            self._width, self._narrowest = self._narrowest, _ALL
        self._behind = _before(until, self._width)
        return DueTimes(self._behind, until)

    def _swept(self, took: float) -> None:
        if took > _SLOW:
            self._narrow(self._width / 2)
        elif took < _QUICK:
            self._width = min(2 * self._width, _ALL)
        self._sweeping.took(took, at_least=SWEEP_EVERY if self._behind == EARLIEST else 0)

    def _narrow(self, width: timedelta) -> None:
        self._width = max(min(width, _WIDEST_SLICE), _NARROWEST_SLICE)
        self._narrowest = min(self._narrowest, self._width)


def _before(time: datetime, by: timedelta) -> datetime:
    return time - by if time - EARLIEST > by else EARLIEST
