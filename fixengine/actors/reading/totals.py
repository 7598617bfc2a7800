"""What all executions add up to, counted by whoever asks, and no more often than it is worth."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import Protocol

from fixengine.errors import UnavailableError
from fixengine.ports.queries import Subtotals, Sums, Totals

STRETCH = 100_000
"""Executions added up by one query."""

KEPT_FOR = 1.0
"""Seconds that totals are good for, at the least."""

SHARE = 30
"""Totals are good for so many times as long as it took to count them."""

COUNT_FOR = 1.0
"""Seconds of counting within one request; the next one goes on from there."""

FORGOTTEN_AFTER = 10.0
"""Seconds after which a count that nobody went on with begins anew."""

_TURN = 2.0
"""Seconds to wait for another request that counts, while nothing is known."""

assert COUNT_FOR < _TURN, "who waits sees the other request's count end"
assert _TURN < FORGOTTEN_AFTER, "a count that others wait for is not forgotten"


class AddUp(Protocol):
    """A query for a stretch of executions."""

    def __call__(self, *, after: int, limit: int) -> Subtotals:
        """Add up to `limit` executions from above the id `after`, by status."""


class Counter:
    """Counts stretch by stretch, so that no query is long. Safe to use from several threads.

    While executions change during a count, each is counted once, as it was when its turn came.
    """

    def __init__(self, add_up: AddUp, *, clock: Callable[[], float] = monotonic) -> None:
        self._add_up = add_up
        self._clock = clock
        self._counting = Lock()
        self._totals: Totals | None = None
        self._good_until = 0.0
        self._begin()

    def totals(self) -> Totals:
        """Return the totals, those of the last count while the next is under way.

        Raises UnavailableError when the database is away, and while a first count is not done.
        """
        with self._turn() as is_ours:
            if is_ours and self._clock() >= self._good_until:
                self._count(until=self._clock() + COUNT_FOR)
        if self._totals is None:
            raise UnavailableError("executions are still being counted")
        return self._totals

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        """Say whether the caller is the one to count."""
        is_ours = self._counting.acquire(timeout=_TURN if self._totals is None else 0)
        try:
            yield is_ours
        finally:
            if is_ours:
                self._counting.release()

    def _begin(self) -> None:
        self._left_at = 0.0
        self._after = 0
        self._spent = 0.0
        self._sums: dict[str, Sums] = {}

    def _count(self, *, until: float) -> None:
        if self._clock() - self._left_at > FORGOTTEN_AFTER:
            self._begin()
        while (began := self._clock()) < until:
            stretch = self._add_up(after=self._after, limit=STRETCH)
            ended = self._left_at = self._clock()
            self._spent += ended - began
            for status, sums in stretch.by_status.items():
                self._sums[status] = self._sums.get(status, Sums()) + sums
            if sum(sums.executions for sums in stretch.by_status.values()) < STRETCH:
                self._totals = Totals(by_status=self._sums, counted_at=datetime.now(UTC))
                self._good_until = ended + max(KEPT_FOR, SHARE * self._spent)
                self._begin()
                return
            self._after = stretch.last_id or self._after
