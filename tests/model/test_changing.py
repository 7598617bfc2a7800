"""Each request is answered once and truly, and what goes wrong without each guard of the desk."""

from collections.abc import Iterable
from functools import partial

import pytest

from tests.model.changing import Guard, Kind, Without, World, done, flaw, mirrored
from tests.model.changing_steps import faults, steps
from tests.model.checker import Found, search

TWICE, DISORDER = "one twice", "out of order"
SAME = "the ledger has evaluations (1, 1)"
NO_KEYS = frozenset({Guard.KEY_IS_LOOKED_UP, Guard.KEY_IS_UNIQUE})
WITHOUT: dict[Without, str] = {
    frozenset({Guard.WAIT_FOR_THE_LOCK}): "told that there is no such execution",
    frozenset({Guard.CHANGE_AND_OUTBOX_TOGETHER}): DISORDER,
    frozenset({Guard.ENGINE_HOLDS_ITS_LOCK}): TWICE,
    frozenset({Guard.LEASE_BEGINS_BEFORE_THE_LOCK}): TWICE,
    frozenset({Guard.CLOSED_IS_REFUSED}): "never ends well",
    frozenset({Guard.KEY_IS_LOOKED_UP}): "told of a refusal, and the request is done",
    frozenset({Guard.ANSWER_AFTER_THE_COMMIT}): "told that the request is done, and it is not",
    frozenset({Guard.LOCK, Guard.VERSION}): SAME,
    frozenset({Guard.LOOK_AFTER_THE_LOCK, Guard.VERSION}): SAME,
    frozenset({Guard.STORE_IN_THE_SESSION_OF_THE_LOCK, Guard.VERSION}): SAME,
    frozenset({Guard.CLOSED_IS_REFUSED, Guard.STORE_ONLY_WHAT_IS_OPEN}): "full is cancelled",
    frozenset({Guard.WAIT_FOR_THE_LAST_FILL, Guard.STORE_LOOKS_INTO_OUTBOX}): DISORDER,
}
"""What goes wrong. Of two either is enough, but for one that is named alone as well."""
FAULTS = 1
"""Enough for every flaw to show. `python -m tests.model` searches with more."""


def named(without: Without) -> str:
    return " and ".join(sorted(guard.name.lower() for guard in without))


def searched(without: Without, kind: Kind, *, faults_to_come: int) -> Found[World]:
    return search(
        World(kind=kind, faults=faults_to_come),
        steps=partial(steps, without=without),
        faults=partial(faults, without=without),
        flaw=flaw,
        done=done,
        mirrored=mirrored,
    )


def nearest(without: Without, kinds: Iterable[Kind] = Kind) -> Found[World]:
    """Search worlds with more and more faults until one has a flaw."""
    worlds = ((kind, number) for number in range(FAULTS + 1) for kind in kinds)
    founds = (searched(without, kind, faults_to_come=number) for kind, number in worlds)
    return next((found for found in founds if found.flaw), Found(states=0))


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.value)
def test_with_all_guards_there_is_no_flaw_where_each_would_show(kind: Kind) -> None:
    found = searched(frozenset(), kind, faults_to_come=FAULTS)
    assert found.flaw is None, str(found)
    assert found.states > 2_000


def test_whatever_can_be_can_be_with_the_two_engines_in_each_others_place() -> None:
    worlds: set[World] = set()
    world = World(kind=Kind.CANCEL, faults=FAULTS)
    search(world, steps=steps, faults=faults, flaw=worlds.add, done=done)
    assert {*map(mirrored, worlds)} == worlds


def test_every_guard_is_tried() -> None:
    assert NO_KEYS.union(*WITHOUT) == set(Guard)


@pytest.mark.parametrize("without", WITHOUT, ids=named)
def test_without_a_guard_there_is_a_flaw(without: Without) -> None:
    found = nearest(without)
    assert found.flaw is not None
    assert WITHOUT[without] in found.flaw, str(found)


def test_without_both_guards_of_the_key_a_replace_is_done_twice() -> None:
    found = nearest(NO_KEYS, [Kind.REPLACE])
    assert found.flaw == "the request is done twice: the ledger has replace and replace"


@pytest.mark.parametrize(
    "guard",
    [guard for guard in Guard if frozenset({guard}) not in WITHOUT],
    ids=lambda guard: guard.name.lower(),
)
def test_either_of_two_is_enough(guard: Guard) -> None:
    for kind in Kind:
        found = searched(frozenset({guard}), kind, faults_to_come=FAULTS)
        assert found.flaw is None, str(found)


def test_the_flaw_is_told_step_by_step() -> None:
    found = nearest(frozenset({Guard.WAIT_FOR_THE_LAST_FILL, Guard.STORE_LOOKS_INTO_OUTBOX}))
    assert str(found).splitlines() == [
        "the topic has evaluations (2, 1): out of order",
        "the client asks A",
        "B claims",
        "B stores fill 1",
        "A locks the row",
        "A stores the cancel as 2",
        "A hears of its commit and says done",
        "A sends 2",
        "B sends 1",
    ]
