"""Watching that something does not happen."""

from collections.abc import Callable

import pytest

from fixengine.demo.errors import DemoError
from fixengine.demo.waiting import wait_until


def assert_does_not_happen(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Watch `condition()` for so long; fail, naming `what`, as soon as it is true."""
    try:
        wait_until(condition, seconds, what)
    except DemoError:
        return
    pytest.fail(f"it happened within {seconds:g} s: {what}")
