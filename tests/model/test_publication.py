"""The protocol has no flaw, and what goes wrong without each of its guards."""

from collections.abc import Iterator
from functools import partial

import pytest

from tests.model.checker import Found, search
from tests.model.publication import faults, start, steps
from tests.model.publication.world import FILLS, Guard, World, done, flaw, mirrored

EITHER = frozenset({Guard.ROW_LOCK, Guard.VERSION})
"""One of them is enough."""

TWICE, DISORDER, NEVER = "one twice", "out of order", "never ends well"
WITHOUT = {
    Guard.STORE_LOOKS_INTO_OUTBOX: DISORDER,
    Guard.FILL_AND_OUTBOX_TOGETHER: DISORDER,
    Guard.STORE_IN_THE_SESSION_OF_THE_LOCK: TWICE,
    Guard.NEW_NUMBER_FOR_EACH_SESSION: TWICE,
    Guard.LEASE: TWICE,
    Guard.LEASE_BEGINS_BEFORE_THE_COMMIT: TWICE,
    Guard.NOTHING_IS_GIVEN_UP_WITH_A_LEASE: TWICE,
    Guard.STOP_AFTER_THE_LEASE: TWICE,
    Guard.STOP_AFTER_A_REFUSAL: TWICE,
    Guard.FROZEN_FOR_LONG_SENDS_NOTHING: TWICE,
    Guard.OUTBOX_IS_LOOKED_INTO: NEVER,
    Guard.OTHERS_TAKE_OVER: NEVER,
    Guard.TAKE_OVER_WAITS: TWICE,
    Guard.LOOK_BEFORE_SENDING: TWICE,
    Guard.NO_TAKE_OVER_DURING_A_LOOK: TWICE,
    Guard.STILL_OURS_AFTER_THE_LOOK: TWICE,
    Guard.TOLD_AFTER_FOUND_IS_DROPPED: TWICE,
    Guard.REST_AFTER_A_STOP: TWICE,
    Guard.REST_AFTER_A_RESTART: TWICE,
    Guard.WAIT_FOR_A_PRODUCER_THAT_WAS_LEFT: TWICE,
    Guard.MARK_AFTER_ACKNOWLEDGEMENT: DISORDER,
}
GROWING = ((0, FILLS), (1, FILLS), (2, 1))
"""Faults and fills to come: enough for every flaw to show. `python -m tests.model` has more."""


def searched(without: frozenset[Guard], *, faults_to_come: int, fills: int) -> Found[World]:
    return search(
        start(faults=faults_to_come, fills=fills),
        steps=partial(steps, without=without),
        faults=partial(faults, without=without),
        flaw=flaw,
        done=done,
        mirrored=mirrored,
    )


def nearest(without: frozenset[Guard]) -> Found[World]:
    """Search worlds with more and more faults until one has a flaw."""
    searches = (searched(without, faults_to_come=n, fills=fills) for n, fills in GROWING)
    return next((found for found in searches if found.flaw), Found(states=0))


def test_with_all_guards_there_is_no_flaw_where_each_would_show() -> None:
    for faults_to_come, fills in GROWING:
        found = searched(frozenset(), faults_to_come=faults_to_come, fills=fills)
        assert found.flaw is None, str(found)
    assert found.states > 20_000


def test_whatever_can_be_can_be_with_the_two_engines_in_each_others_place() -> None:
    worlds: set[World] = set()
    search(start(faults=1, fills=1), steps=steps, faults=faults, flaw=worlds.add, done=done)
    assert {*map(mirrored, worlds)} == worlds


def test_every_guard_is_tried() -> None:
    assert WITHOUT.keys() | EITHER == set(Guard)


@pytest.mark.parametrize("guard", WITHOUT, ids=lambda guard: guard.name.lower())
def test_without_a_guard_there_is_a_flaw(guard: Guard) -> None:
    found = nearest(frozenset({guard}))
    assert found.flaw is not None
    assert WITHOUT[guard] in found.flaw, str(found)


def test_without_row_lock_and_version_an_execution_is_filled_twice_at_once() -> None:
    assert nearest(EITHER).flaw == "the ledger has fills (1, 1)"


@pytest.mark.parametrize("guard", sorted(EITHER, key=str), ids=lambda guard: guard.name.lower())
def test_one_of_the_two_is_enough(guard: Guard) -> None:
    found = searched(frozenset({guard}), faults_to_come=1, fills=FILLS)
    assert found.flaw is None, str(found)


def test_nobody_repeats_a_fill_but_an_engine_that_was_frozen_for_long() -> None:
    without = frozenset({Guard.FROZEN_FOR_LONG_SENDS_NOTHING})
    assert {"A freezes", "A wakes up"} <= set(nearest(without).trace)

    def others(world: World) -> Iterator[tuple[str, World]]:
        return ((what, then) for what, then in faults(world, without) if "freezes" not in what)

    found = search(
        start(faults=2, fills=1),
        steps=partial(steps, without=without),
        faults=others,
        flaw=flaw,
        done=done,
        mirrored=mirrored,
    )
    assert found.flaw is None, str(found)


def test_the_flaw_is_told_step_by_step() -> None:
    assert str(nearest(frozenset({Guard.TAKE_OVER_WAITS}))).splitlines() == [
        "the topic has fills (1, 1): one twice",
        "A begins a claim",
        "A locks the row",
        "A stores fill 1",
        "A sends fill 1",
        "A's session ends",
        "B takes over fill 1",
        "B does not find fill 1 on the topic",
        "B is to send fill 1",
        "B sends fill 1",
        "fill 1 of A arrives",
        "fill 1 of B arrives",
    ]
