"""Turns: so many at a time, in the order in which they were asked for, and none is lost."""

from contextlib import ExitStack

import pytest

from fixengine.actors.gateway.turns import Turns
from fixengine.demo.waiting import wait_until
from fixengine.supervision.refs import ActorRef
from tests.unit.actors.gateway.conftest import Ears, World


@pytest.fixture
def told(world: World) -> list[object]:
    """Lend what actors were told, in its order."""
    return world.told


def actors(world: World, count: int) -> list[ActorRef]:
    return [world.booted(Ears.start(world.told)) for _ in range(count)]


def was_told(told: list[object], *messages: str) -> None:
    wait_until(lambda: len(told) >= len(messages), 60, f"{messages} to be told")
    assert told == [*messages]


def asks(turns: Turns, ref: ActorRef, message: str) -> bool:
    """Say whether it is an actor's turn, which then is over."""
    with turns.turn(ref, message) as is_its_turn:
        return is_its_turn


def test_so_many_have_a_turn_at_a_time_and_who_waits_is_told_in_order(
    world: World, told: list[object]
) -> None:
    turns, (a, b, c, d) = Turns(2), actors(world, 4)
    with ExitStack() as both:
        assert both.enter_context(turns.turn(a, "a"))
        with turns.turn(b, "b") as is_its_turn:
            assert is_its_turn
            assert not asks(turns, c, "c")
            assert not asks(turns, d, "d")
            assert told == []
        was_told(told, "c")
        assert not asks(turns, d, "d")
    was_told(told, "c", "d")
    assert asks(turns, c, "c")
    assert asks(turns, d, "d")


def test_who_has_more_to_do_waits_behind_the_others(world: World, told: list[object]) -> None:
    turns, (a, b) = Turns(1), actors(world, 2)
    with turns.turn(a, "a"):
        assert not asks(turns, b, "b")
    was_told(told, "b")
    assert not asks(turns, a, "a again")
    assert asks(turns, b, "b")
    was_told(told, "b", "a again")


def test_who_asks_again_while_it_waits_waits_once(world: World, told: list[object]) -> None:
    turns, (a, b, c) = Turns(1), actors(world, 3)
    with turns.turn(a, "a"):
        for ref, message in ((b, "b"), (c, "c"), (b, "b")):
            assert not asks(turns, ref, message)
    was_told(told, "b")
    assert asks(turns, b, "b")
    was_told(told, "b", "c")
    assert asks(turns, c, "c")
    assert asks(turns, a, "a")
    was_told(told, "b", "c")


def test_a_turn_of_which_nothing_comes_but_an_error_is_over(world: World) -> None:
    turns, (a, b) = Turns(1), actors(world, 2)
    with pytest.raises(ValueError, match="a bug"), turns.turn(a, "a"):
        raise ValueError("a bug")
    assert asks(turns, b, "b")


def test_who_ends_leaves_its_turn_and_its_place_to_others(world: World, told: list[object]) -> None:
    turns, (a, b, c, d) = Turns(1), actors(world, 4)
    with turns.turn(a, "a"):
        assert not asks(turns, b, "b")
        assert not asks(turns, c, "c")
        assert not asks(turns, d, "d")
        turns.leave(c)
    was_told(told, "b")
    b.stop(timeout=60)
    turns.leave(b)
    was_told(told, "b", "d")


def test_a_turn_of_an_actor_that_is_gone_harms_nobody(world: World) -> None:
    turns, (a, b) = Turns(1), actors(world, 2)
    with turns.turn(a, "a"):
        assert not asks(turns, b, "b")
        b.stop(timeout=60)
    turns.leave(b)
    assert asks(turns, a, "a")
