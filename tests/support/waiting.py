"""Waiting for a number that moves, and watching that something does not happen."""

from collections.abc import Callable
from functools import partial

import pytest

from fixengine.demo.errors import DemoError
from fixengine.demo.waiting import wait_until


def wait_for_number(
    count: Callable[[], int], is_right: Callable[[int], bool], seconds: float, what: str
) -> None:
    """Wait until a number is right; raise DemoError when it has not moved for so many seconds.

    How long all of it takes is up to the machine.
    """

    def moves_from(before: int) -> bool:
        return count() != before

    while not is_right(seen := count()):
        wait_until(partial(moves_from, seen), seconds, f"{what}, of which there are {seen}")


def assert_does_not_happen(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Watch `condition()` for so long; fail, naming `what`, as soon as it is true."""
    try:
        wait_until(condition, seconds, what)
    except DemoError:
        return
    pytest.fail(f"it happened within {seconds:g} s: {what}")
