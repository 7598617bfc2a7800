"""Fills that the broker refuses: as long as any waits, the broker is not well."""

from collections.abc import Callable, Iterable
from time import monotonic

from fixengine.actors.pending import Key

FORGOTTEN_AFTER = 60.0
"""Seconds after which a refused fill that was not tried again is somebody else's."""


class Refusals:
    """Where some fills get through and others don't, the others count."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._refused: dict[Key, tuple[float, str]] = {}

    def refused(self, key: Key, reason: str) -> None:
        """Take note of a fill that the broker does not take."""
        self._refused.pop(key, None)
        self._refused[key] = (self._clock(), reason)

    def accepted(self, keys: Iterable[Key]) -> None:
        """Let go of fills that the topic has."""
        for key in keys:
            self._refused.pop(key, None)

    def reason(self) -> str:
        """Say how many fills wait and why the last was refused; empty when none was."""
        oldest = self._clock() - FORGOTTEN_AFTER
        for key in [key for key, (at, _) in self._refused.items() if at < oldest]:
            del self._refused[key]
        if not self._refused:
            return ""
        _, reason = self._refused[next(reversed(self._refused))]
        return f"fills are refused, {len(self._refused)} of them wait: {reason}"
