"""Events that can come in floods: the first is logged, those that follow soon are counted."""

from collections.abc import Callable, Mapping
from contextvars import copy_context
from threading import Lock, Timer

from loguru import logger

COUNTED_FOR = 30.0
"""Seconds after a line in which more of the same is counted. A line at their end tells of it."""

Say = Callable[[int], object]
"""Writes a line. It is given how often its event has happened since the line before."""

_counting: set["Counted"] = set()


class Counted:
    """One event. Safe to use from several threads."""

    def __init__(self, *, seconds: float = COUNTED_FOR) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._timer: Timer | None = None
        self._times = 0
        self._say: Say | None = None

    def happened(self, say: Say, times: int = 1) -> None:
        """Say it, or count it if it was said a moment ago. The latest is said for all of them."""
        with self._lock:
            if self._timer is not None:
                self._times += times
                self._say = say
                return
            self._count_on()
        say(times)

    def end(self) -> None:
        """Say what was counted until now. Safe to call at any time."""
        with self._lock:
            times, self._times = self._times, 0
            say, self._say = self._say, None
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if say is not None:
                self._count_on()
            else:
                _counting.discard(self)
        if say is not None:
            say(times)

    def _count_on(self) -> None:
        # the line at the end is of the same actor as this one
        self._timer = Timer(self._seconds, copy_context().run, (self.end,))
        self._timer.name = "log-counts"
        self._timer.daemon = True
        self._timer.start()
        _counting.add(self)


class Recurring:
    """An event of our own, told apart from others by its words alone."""

    def __init__(self, level: str, event: str, *, seconds: float = COUNTED_FOR) -> None:
        self._level = level
        self._event = event
        self._counted = Counted(seconds=seconds)

    def happened(
        self, times: int = 1, *, exception: BaseException | None = None, **fields: object
    ) -> None:
        """Say it with these fields, or count it."""
        self.happened_with(fields, times, exception)

    def happened_with(
        self, fields: Mapping[str, object], times: int = 1, exception: BaseException | None = None
    ) -> None:
        """Do the same with fields of any name."""

        def say(times: int) -> None:
            line = logger.opt(exception=exception).bind(times=times, **fields)
            line.log(self._level, self._event)

        self._counted.happened(say, times)


def end_counts() -> None:
    """Say all that was counted until now, because the process ends."""
    for counted in tuple(_counting):
        counted.end()
