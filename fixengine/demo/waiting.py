"""Waiting for a condition, always with a deadline."""

import time
from collections.abc import Callable

from fixengine.demo.errors import DemoError

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.01, 0.1
_SHARE = 0.05
"""What a pause is of the time waited so far: a look costs something, mostly a connection."""


def wait_until(condition: Callable[[], object], deadline_seconds: float, what: str) -> None:
    """Return once `condition()` is true; raise DemoError, naming `what`, when time is up.

    What the condition raises ends the wait and reaches the caller.
    """
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        if waited >= deadline_seconds:
            raise DemoError(f"waited {deadline_seconds:g} s in vain for {what}")
        time.sleep(min(max(_SHORTEST_PAUSE, waited * _SHARE), _LONGEST_PAUSE))
