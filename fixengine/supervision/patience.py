"""How long the work of this thread may wait: an actor's waits end with the actor's stop."""

import threading
from collections.abc import Callable
from math import inf

_own = threading.local()


def never() -> float:
    """Return a monotonic time that is over."""
    return -inf


def wait_until(until: Callable[[], float], *, excused: Callable[[], float] = never) -> None:
    """End all waits of this thread at the monotonic time `until`, which may change at any moment.

    Before the monotonic time `excused` no wait counts as too long: somebody knows its reason.
    """
    _own.until, _own.excused = until, excused


def patient_until() -> float:
    """Return the monotonic time after which this thread waits for nobody."""
    until: Callable[[], float] | None = getattr(_own, "until", None)
    return inf if until is None else until()


def excused_until() -> float:
    """Return the monotonic time before which no wait of this thread counts as too long."""
    excused: Callable[[], float] | None = getattr(_own, "excused", None)
    return -inf if excused is None else excused()
