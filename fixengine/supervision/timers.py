"""What an actor tells itself later: its own thread keeps the times, and needs no other for them."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol

_AT = attrgetter("at")


class Timer(Protocol):
    """A message that comes at its time."""

    def cancel(self) -> None:
        """Let it not come. Too late once it was put into the mailbox."""


@dataclass(frozen=True, slots=True, eq=False)
class _Timer:
    at: float
    message: Any
    pending: "list[_Timer]"

    def cancel(self) -> None:
        if self in self.pending:
            self.pending.remove(self)


class Timers:
    """The few timers of one actor; for its own thread alone. All times are monotonic."""

    def __init__(self) -> None:
        self._pending: list[_Timer] = []

    def set(self, at: float, message: Any) -> Timer:
        """Have a message come at a time."""
        timer = _Timer(at, message, self._pending)
        self._pending.append(timer)
        return timer

    def next_at(self) -> float | None:
        """Return when the next one comes, None while none is set."""
        return min(map(_AT, self._pending), default=None)

    def come(self, now: float) -> list[Any]:
        """Take the messages whose time has come, earliest first."""
        come = sorted((timer for timer in self._pending if timer.at <= now), key=_AT)
        for timer in come:
            timer.cancel()
        return [timer.message for timer in come]

    def clear(self) -> None:
        """Let none of them come."""
        self._pending.clear()
