"""How far back claims look."""

from datetime import UTC, datetime, timedelta

from fixengine.horizon import EARLIEST, LOOK_BACK_EVERY, Horizon
from fixengine.pacing import LONGEST_REST
from tests.clocks import Clock

NOON = datetime(2026, 7, 28, 12, tzinfo=UTC)


def claimed(horizon: Horizon, clock: Clock, seen_to: datetime, took: float = 0.0) -> datetime:
    since = horizon.begin()
    clock.now += took
    horizon.end(seen_to)
    return since


def test_a_claim_begins_where_the_last_one_ended() -> None:
    clock = Clock()
    horizon = Horizon(clock)
    assert claimed(horizon, clock, NOON) == EARLIEST
    assert claimed(horizon, clock, NOON + timedelta(seconds=1)) == NOON
    assert claimed(horizon, clock, NOON) == NOON + timedelta(seconds=1)
    assert claimed(horizon, clock, NOON) == NOON + timedelta(seconds=1)


def test_now_and_then_a_claim_looks_over_all() -> None:
    clock = Clock()
    horizon = Horizon(clock)
    claimed(horizon, clock, NOON)
    clock.now += LOOK_BACK_EVERY - 0.01
    assert claimed(horizon, clock, NOON) == NOON
    clock.now += 0.01
    assert claimed(horizon, clock, NOON) == EARLIEST
    assert claimed(horizon, clock, NOON) == NOON


def test_a_look_over_all_that_takes_long_is_taken_the_more_rarely() -> None:
    clock = Clock()
    horizon = Horizon(clock)
    claimed(horizon, clock, NOON, took=1.0)
    clock.now += 39.9
    assert claimed(horizon, clock, NOON, took=1.0) == NOON
    assert claimed(horizon, clock, NOON) == EARLIEST


def test_a_look_over_all_is_never_put_off_for_long() -> None:
    clock = Clock()
    horizon = Horizon(clock)
    claimed(horizon, clock, NOON, took=20.0)
    clock.now += LONGEST_REST
    assert claimed(horizon, clock, NOON) == EARLIEST


def test_what_was_given_back_is_claimed_again_and_nothing_before_it() -> None:
    clock = Clock()
    horizon = Horizon(clock)
    claimed(horizon, clock, NOON)
    claimed(horizon, clock, NOON + timedelta(seconds=9))
    horizon.go_back_to(NOON + timedelta(seconds=3))
    assert claimed(horizon, clock, NOON) == NOON + timedelta(seconds=3)


def test_a_look_over_all_that_finds_much_goes_on_from_there() -> None:
    clock = Clock()
    horizon = Horizon(clock)
    claimed(horizon, clock, NOON)
    clock.now += LOOK_BACK_EVERY
    yesterday = NOON - timedelta(days=1)
    assert claimed(horizon, clock, yesterday) == EARLIEST
    assert claimed(horizon, clock, NOON) == yesterday
    assert claimed(horizon, clock, NOON) == NOON


def test_a_look_over_all_that_fails_leaves_the_horizon_where_it_was() -> None:
    clock = Clock()
    horizon = Horizon(clock)
    claimed(horizon, clock, NOON)
    clock.now += LOOK_BACK_EVERY
    assert horizon.begin() == EARLIEST
    clock.now += 1.0
    horizon.fail()
    clock.now += 39.9
    assert claimed(horizon, clock, NOON) == NOON
    clock.now += 0.1
    assert claimed(horizon, clock, NOON) == EARLIEST
