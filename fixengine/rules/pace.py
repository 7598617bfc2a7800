"""How often something is looked at, where a look costs more the longer nobody cleans up."""

from collections.abc import Callable

_REST_RATIO = 100.0  # seconds of rest for each second that a look took

_FIRST_REST_AFTER_FAILURE = 30.0  # seconds; doubled by each failure after it

LONGEST_REST = 300.0
"""Seconds after which the next look is due, whatever the last one cost."""

assert _FIRST_REST_AFTER_FAILURE < LONGEST_REST


class Pace:
    """Says when the next look is due: looks get a hundredth of the time. `clock` is monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._due_at = float("-inf")
        self._failures = 0

    @property
    def due(self) -> bool:
        """Whether a look may be taken now."""
        return self._clock() >= self._due_at

    def took(self, seconds: float, *, at_least: float = 0.0) -> float:
        """Take note of a look that took so long; return the seconds until the next is due.

        They are `at_least` so many.
        """
        self._failures = 0
        rest = max(at_least, min(_REST_RATIO * seconds, LONGEST_REST))
        self._due_at = self._clock() + rest
        return rest

    def gave_up(self) -> None:
        """Take note of a look that the database ended: the next comes later each time it does."""
        rest = min(_FIRST_REST_AFTER_FAILURE * 2**self._failures, LONGEST_REST)
        self._failures += 1
        self._due_at = self._clock() + rest
