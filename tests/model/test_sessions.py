"""No order or report is lost, doubled or out of number, and each guard is needed."""

from functools import partial

import pytest

from tests.model.checker import Found, search
from tests.model.sessions import Guard, World, done, faults, flaw, steps

ENTERED_TWICE, NEVER = "orders have entered twice", "never ends well"
WITHOUT = {
    Guard.STORE_BEFORE_SAYING: "told what is not stored",
    Guard.NUMBER_AND_ORDER_TOGETHER: NEVER,
    Guard.FILL_AND_NOTE_TOGETHER: NEVER,
    Guard.NUMBER_AND_NOTE_TOGETHER: "told under two numbers",
    Guard.GAP_IS_ASKED_FOR: NEVER,
    Guard.SENT_IS_KEPT: NEVER,
    Guard.WHAT_CAME_BEFORE_IS_PASSED_OVER: ENTERED_TWICE,
    Guard.DEAD_LINE_IS_GIVEN_UP: NEVER,
}
WITH_THE_LOCK = frozenset({Guard.LOCK, Guard.WRITE_IN_THE_SESSION_OF_THE_LOCK})
"""The epoch is enough without these two, and these two without the epoch."""

PAIRS = [frozenset({Guard.EPOCH, guard}) for guard in sorted(WITH_THE_LOCK, key=str)]

GROWING = ((0, 1), (1, 1), (0, 2), (1, 2), (2, 1))
"""Faults and orders to come: enough for every flaw to show. `python -m tests.model` has more."""


def searched(without: frozenset[Guard], *, faults_to_come: int, orders: int) -> Found[World]:
    return search(
        World(faults=faults_to_come, orders_to_come=orders),
        steps=partial(steps, without=without),
        faults=faults,
        flaw=flaw,
        done=done,
    )


def nearest(without: frozenset[Guard]) -> Found[World]:
    """Search worlds with more and more faults and orders until one has a flaw."""
    searches = (searched(without, faults_to_come=n, orders=orders) for n, orders in GROWING)
    return next((found for found in searches if found.flaw), Found(states=0))


def test_with_all_guards_there_is_no_flaw_where_each_would_show() -> None:
    for faults_to_come, orders in GROWING:
        found = searched(frozenset(), faults_to_come=faults_to_come, orders=orders)
        assert found.flaw is None, str(found)
    assert found.states > 1_000


def test_every_guard_is_tried() -> None:
    assert WITHOUT.keys() | WITH_THE_LOCK | {Guard.EPOCH} == set(Guard)


@pytest.mark.parametrize("guard", WITHOUT, ids=lambda guard: guard.name.lower())
def test_without_a_guard_there_is_a_flaw(guard: Guard) -> None:
    found = nearest(frozenset({guard}))
    assert found.flaw is not None
    assert WITHOUT[guard] in found.flaw, str(found)


@pytest.mark.parametrize("pair", PAIRS, ids=["lock", "session"])
def test_without_the_epoch_both_guards_of_the_lock_are_needed(pair: frozenset[Guard]) -> None:
    found = nearest(pair)
    assert found.flaw is not None
    assert ENTERED_TWICE in found.flaw, str(found)


@pytest.mark.parametrize("guards", [WITH_THE_LOCK, {Guard.EPOCH}], ids=["epoch", "lock"])
def test_the_epoch_is_enough_and_so_is_the_lock(guards: frozenset[Guard]) -> None:
    found = searched(frozenset(guards), faults_to_come=2, orders=1)
    assert found.flaw is None, str(found)


def test_the_flaw_is_told_step_by_step() -> None:
    assert str(nearest(frozenset({Guard.NUMBER_AND_ORDER_TOGETHER}))).splitlines() == [
        "it never ends well",
        "the client logs on at A",
        "the client sends order 1",
        "A reads order 1",
        "A stores the number of order 1",
        "A is killed",
    ]
