"""Waits for something outside that is away: each is longer than the one before, on average."""

from random import Random

from fixengine.supervision.restarts import Backoff


class Retries:
    """The waits of one kind of try, in seconds, growing until one succeeds."""

    def __init__(self, *, first: float, cap: float) -> None:
        self._backoff = Backoff(first=first, cap=cap)
        self._rng = Random()  # noqa: S311 - jitter
        self._failed = 0

    def next_wait(self) -> float:
        """Count a failed try and draw the wait before the next one."""
        self._failed += 1
        return self._backoff.delay(self._failed, self._rng)

    def reset(self) -> None:
        """Begin with short waits again: a try has succeeded."""
        self._failed = 0
