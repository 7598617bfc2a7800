"""The watch over the database: whether it answers, and what it can't do though it does."""

from dataclasses import dataclass
from time import monotonic

from fixengine.errors import ImpairedError, UnavailableError
from fixengine.health import Health

OVER_AFTER = 20.0
"""Seconds after which what could not be done, and nobody tries again, is forgotten.

Work that waits is tried every five.
"""


@dataclass(frozen=True, slots=True)
class _Failed:
    reason: str
    at: float


class DatabaseWatch:
    """Kinds of work that the database can't do, each until it succeeds or nobody tries it."""

    def __init__(self, health: Health) -> None:
        self.reached = False
        self._health = health
        self._failed: dict[str, _Failed] = {}

    def failed(self, kind: str, error: ImpairedError) -> None:
        """Take note of work that the database can't do."""
        self._failed[kind] = _Failed(str(error), monotonic())
        self._say()

    def worked(self, kind: str) -> None:
        """Take note of work that went well."""
        if self._failed.pop(kind, None) is not None:
            self._say()

    def away(self, error: UnavailableError) -> None:
        """Say that it does not answer."""
        self.reached = False
        self._health.down("database", str(error))

    def there(self) -> None:
        """Say that it answers."""
        self.reached = True
        self._say()

    def _say(self) -> None:
        now = monotonic()
        self._failed = {
            kind: failed for kind, failed in self._failed.items() if failed.at > now - OVER_AFTER
        }
        reason = next((failed.reason for failed in self._failed.values()), "")
        if reason:
            self._health.down("database", reason)
        elif self.reached:
            self._health.up("database")
