"""How often a look may be taken that costs more, the longer the database is not cleaned up."""

from collections.abc import Callable

_REST = 100.0
_REST_WHEN_GIVEN_UP = 30.0

LONGEST_REST = 300.0
"""Seconds after which a look is taken again, whatever it costs."""


class Pace:
    """When a look is due again: looks get a hundredth of the time; `clock` is monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at = float("-inf")
        self._given_up = 0

    @property
    def due(self) -> bool:
        """Whether it may be taken now."""
        return self._clock() >= self._at

    def took(self, seconds: float, *, at_least: float = 0.0) -> float:
        """Take note of a look and of what it cost; return the seconds until the next.

        The rest is `at_least` that long, whatever the look cost.
        """
        self._given_up = 0
        rest = max(at_least, min(_REST * seconds, LONGEST_REST))
        self._at = self._clock() + rest
        return rest

    def gave_up(self) -> None:
        """Take note of one that the database ended: it may be rare, but must not always be so."""
        rest = min(_REST_WHEN_GIVEN_UP * 2**self._given_up, LONGEST_REST)
        self._given_up += 1
        self._at = self._clock() + rest
