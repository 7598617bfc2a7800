"""No order is lost or stored twice, and each guard is needed."""

from functools import partial

import pytest

from tests.model.checker import search
from tests.model.intake import Guard, World, done, flaw, steps

START = World(faults=3)


def test_with_all_guards_every_order_is_stored_once() -> None:
    found = search(START, steps=steps, flaw=flaw, done=done)
    assert found.flaw is None, str(found)
    assert found.states > 500


@pytest.mark.parametrize("guard", Guard, ids=lambda guard: guard.name.lower())
def test_without_a_guard_there_is_a_flaw(guard: Guard) -> None:
    found = search(START, steps=partial(steps, without=guard), flaw=flaw, done=done)
    assert found.flaw is not None
