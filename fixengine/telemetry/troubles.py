"""What does not work now: each kind of work until it succeeds, or nobody has tried it for long."""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

OVER_AFTER = 20.0
"""Seconds after which what failed, and nobody tries again, is forgotten; work that waits is tried
every five.
"""

Kind = TypeVar("Kind", bound=Hashable)


class Troubles(Generic[Kind]):
    """Kinds of work that failed, each with the last reason, in the order in which they began."""

    def __init__(
        self, over_after: float = OVER_AFTER, clock: Callable[[], float] = monotonic
    ) -> None:
        """Take the seconds after which what failed, and was not tried again, is forgotten."""
        self._over_after = over_after
        self._clock = clock
        self._failed: dict[Kind, tuple[float, str]] = {}

    def failed(self, kind: Kind, reason: str) -> None:
        """Take note of work that failed."""
        self._failed[kind] = (self._clock(), reason)

    def worked(self, kind: Kind) -> bool:
        """Take note of work that went well; say whether it was in trouble."""
        return self._failed.pop(kind, None) is not None

    def reasons(self) -> tuple[str, ...]:
        """Return why each kind failed that is in trouble still."""
        since = self._clock() - self._over_after
        self._failed = {kind: each for kind, each in self._failed.items() if each[0] > since}
        return tuple(reason for _, reason in self._failed.values())
