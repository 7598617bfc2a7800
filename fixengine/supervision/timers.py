"""What an actor tells itself later: its own thread keeps the times, and needs no other for them."""

from bisect import bisect_right, insort
from dataclasses import dataclass
from math import inf
from operator import attrgetter
from typing import Any

_AT = attrgetter("at")


@dataclass(frozen=True, slots=True, eq=False)
class Timer:
    """A message that comes at its time, unless it is cancelled; `pending` has all that may come."""

    at: float
    message: Any
    pending: "list[Timer]"

    def cancel(self) -> None:
        """Let it not come. Too late once it was put into the mailbox."""
        if self in self.pending:
            self.pending.remove(self)


class Timers:
    """The few timers of one actor; for its own thread alone. All times are monotonic."""

    def __init__(self) -> None:
        self._pending: list[Timer] = []  # by time; of the same time, the first that was set

    def set(self, at: float, message: Any) -> Timer:
        """Have a message come at a time."""
        timer = Timer(at, message, self._pending)
        insort(self._pending, timer, key=_AT)
        return timer

    def next_at(self) -> float:
        """Return when the next one comes; infinite while none is set."""
        return self._pending[0].at if self._pending else inf

    def take_due(self, now: float) -> list[Any]:
        """Take the messages whose time has come, earliest first."""
        due = self._pending[: bisect_right(self._pending, now, key=_AT)]
        del self._pending[: len(due)]
        return [timer.message for timer in due]

    def clear(self) -> None:
        """Let none of them come."""
        self._pending.clear()
