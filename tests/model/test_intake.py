"""No record is lost and no order stored twice, and each guard is needed."""

from functools import partial

import pytest

from tests.model.checker import Found, search
from tests.model.intake import Guard, World, done, faults, flaw, steps

WITHOUT = {
    Guard.COMMIT_AFTER_STORE: "records are lost",
    Guard.COMMIT_BELOW_THE_OLDEST_UNFINISHED: "records are lost",
    Guard.LETTER_IS_ACKNOWLEDGED: "records are lost: [1]",
    Guard.INSERT_IGNORES_WHAT_IS_THERE: "orders are stored twice",
}


def searched(*without: Guard, faults_to_come: int = 3) -> Found[World]:
    return search(
        World(faults=faults_to_come),
        steps=partial(steps, without=frozenset(without)),
        faults=faults,
        flaw=flaw,
        done=done,
    )


def test_with_all_guards_every_record_is_stored_or_buried_once() -> None:
    found = searched()
    assert found.flaw is None, str(found)
    assert found.states > 5_000


@pytest.mark.parametrize("guard", Guard, ids=lambda guard: guard.name.lower())
def test_without_a_guard_there_is_a_flaw(guard: Guard) -> None:
    found = searched(guard)
    assert found.flaw is not None
    assert WITHOUT[guard] in found.flaw, str(found)


def test_the_flaw_is_told_step_by_step() -> None:
    assert str(searched(Guard.COMMIT_AFTER_STORE)).splitlines() == [
        "records are lost: [0]",
        "A gets the partition",
        "A reads record 0",
        "A commits 1",
        "A is killed",
    ]
