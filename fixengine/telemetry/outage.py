"""An outage is told once when it begins and once when it is over, however often tries fail between.

- `Outage` writes the two lines of the log.
- `HoldUp` is a part of the engine that waits meanwhile: readiness says why.
- `Outages` are several of one kind. Each begins and ends by itself.

`supervision.retries` says how long to wait before the next try.
"""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

from fixengine.recurring import Recurring
from fixengine.telemetry.health import Health, Part

OVER_AFTER = 20.0
"""Seconds without another try after which a failure is forgotten. Work that waits is tried every
five seconds.
"""

Kind = TypeVar("Kind", bound=Hashable)


class HoldUp:
    """A part of the engine whose work waits as long as an outage lasts."""

    def __init__(self, health: Health, part: Part, waits: str = "") -> None:
        """Begin anew: of one before this, nothing waits any more.

        `waits` says what waits. Readiness shows it before the reason, and goes on to show other
        things that wait when this one is over.
        """
        self._health = health
        self._part = part
        self._waits = waits
        self._is_on = False
        health.goes_on(part, what=waits)

    def begin(self, reason: str) -> None:
        """Say why the part waits. The latest reason counts."""
        self._is_on = True
        said = f"{self._waits}: {reason}" if self._waits else reason
        self._health.waits(self._part, said, what=self._waits)

    def end(self) -> None:
        """Say that it waits no longer, if it has waited."""
        if self._is_on:
            self._is_on = False
            self._health.goes_on(self._part, what=self._waits)


class Outage:
    """Something that does not work for a while. A flood of outages is counted, as any event."""

    def __init__(
        self,
        begins: str,
        ends: str,
        *,
        level: str = "WARNING",
        holds_up: HoldUp | None = None,
        **fields: object,
    ) -> None:
        """Take the events of both ends, the level of the first, and fields that both lines have."""
        self._begins = Recurring(level, begins)
        self._ends = Recurring("INFO", ends)
        self._words = begins
        self._reason = ""
        self._holds_up = holds_up
        self._fields = fields
        self.is_on = False

    @property
    def said(self) -> str:
        """What does not work, and the latest reason. Empty while it works."""
        return f"{self._words}: {self._reason}" if self.is_on else ""

    def begin(self, reason: str, **fields: object) -> None:
        """Take note of a failed try. Only the first writes a line, with these fields."""
        self._reason = reason
        if not self.is_on:
            self.is_on = True
            self._begins.happened_with({**self._fields, **fields, "reason": reason})
        if self._holds_up is not None:
            self._holds_up.begin(reason)

    def end(self) -> None:
        """Take note that it works. Only the first time after a failed try writes a line."""
        if self.is_on:
            self.is_on = False
            self._ends.happened_with(self._fields)
        if self._holds_up is not None:
            self._holds_up.end()


class Outages(Generic[Kind]):
    """Each kind of work that fails, with its latest reason, in the order in which they began.

    An outage ends when the work succeeds, or when nobody has tried it for `over_after` seconds.
    """

    def __init__(
        self, over_after: float = OVER_AFTER, clock: Callable[[], float] = monotonic
    ) -> None:
        self._over_after = over_after
        self._clock = clock
        self._failed: dict[Kind, tuple[float, str]] = {}

    def begin(self, kind: Kind, reason: str) -> None:
        """Take note of a failed try."""
        self._failed[kind] = (self._clock(), reason)

    def end(self, kind: Kind) -> bool:
        """Take note that it works; say whether it has failed before."""
        return self._failed.pop(kind, None) is not None

    def reasons(self) -> tuple[str, ...]:
        """Return why each kind fails that has an outage now."""
        since = self._clock() - self._over_after
        self._failed = {kind: each for kind, each in self._failed.items() if each[0] > since}
        return tuple(reason for _, reason in self._failed.values())
