"""Until when the work of this thread may wait: an actor's waits end with the actor's stop."""

import threading
from collections.abc import Callable
from math import inf

_own = threading.local()


def wait_until(until: Callable[[], float]) -> None:
    """Have all waits of this thread end by a monotonic time, which may change at any moment."""
    _own.until = until


def patient_until() -> float:
    """Return the monotonic time after which this thread waits for nobody."""
    until: Callable[[], float] | None = getattr(_own, "until", None)
    return inf if until is None else until()
