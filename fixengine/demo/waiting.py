"""Waiting for a condition, always with a deadline."""

import time
from collections.abc import Callable

from fixengine.demo.errors import DemoError

_PAUSE_SECONDS = 0.02


def wait_until(condition: Callable[[], object], deadline_seconds: float, what: str) -> None:
    """Return once `condition()` is true; raise DemoError, naming `what`, when time is up.

    What the condition raises ends the wait and reaches the caller.
    """
    deadline = time.monotonic() + deadline_seconds
    while not condition():
        if time.monotonic() >= deadline:
            raise DemoError(f"waited {deadline_seconds:g} s in vain for {what}")
        time.sleep(_PAUSE_SECONDS)
