"""The protocol has no flaw, and each of its guards is needed."""

from functools import partial

import pytest

from tests.model.checker import search
from tests.model.publication import Guard, done, flaw, start, steps


def test_with_all_guards_every_path_ends_well() -> None:
    found = search(start(faults=3), steps=steps, flaw=flaw, done=done)
    assert found.flaw is None, str(found)
    assert found.states > 50_000


@pytest.mark.parametrize("guard", Guard, ids=lambda guard: guard.name.lower())
def test_without_a_guard_there_is_a_flaw(guard: Guard) -> None:
    found = search(start(), steps=partial(steps, without=guard), flaw=flaw, done=done)
    assert found.flaw is not None
