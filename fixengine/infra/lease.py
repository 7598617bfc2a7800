"""An engine's lease: until when it may act on the last proof that it lives."""

from collections.abc import Callable
from math import inf
from time import monotonic

from fixengine.rules.take_over_times import LEASE


class Lease:
    """One thread renews it, any may look."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._until = -inf
        self._stop: Callable[[], object] = lambda: None

    @property
    def over(self) -> bool:
        """Whether there was no proof for too long."""
        return self._clock() > self._until

    def when_it_begins(self, stop: Callable[[], object]) -> None:
        """Take what stops, when a lease begins, the messages before it: they may be others' now."""
        self._stop = stop

    def begin(self, proved_at: float) -> None:
        """Take note of a proof under a new number, to which no fills of an earlier one came."""
        self._stop()
        self._until = proved_at + LEASE

    def renew(self, proved_at: float) -> None:
        """Take note that the lock was held at that time, or later."""
        if self.over:
            self.begin(proved_at)
        else:
            self._until = max(self._until, proved_at + LEASE)
