"""Where claims look."""

from datetime import UTC, datetime, timedelta

from fixengine.rules.claim_window import (
    EARLIEST,
    LEFT_WITHIN,
    MARGIN,
    SWEEP_EVERY,
    ClaimWindow,
    DueTimes,
)
from tests.support.clocks import Clock

NOON = datetime(2026, 7, 28, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def claimed(
    window: ClaimWindow,
    clock: Clock,
    seen_to: datetime,
    *,
    took: float = 0.0,
    last_due: datetime | None = None,
    full: bool = False,
) -> DueTimes:
    times = window.begin()
    clock.now += took
    window.end(seen_to + MARGIN, last_due=last_due, full=full)
    return times


def failed(window: ClaimWindow, clock: Clock, now: datetime, *, took: float = 4.0) -> DueTimes:
    times = window.begin()
    clock.now += took
    window.fail(now)
    return times


def at_noon(clock: Clock) -> ClaimWindow:
    """Return the window of an engine that has come so far."""
    window = ClaimWindow(clock)
    claimed(window, clock, NOON)
    return window


def swept(window: ClaimWindow, clock: Clock, *, cost_per_second: float) -> list[DueTimes]:
    """Sweep once what costs that much for each second of the last hour before noon."""
    slices: list[DueTimes] = []
    while not slices or slices[-1].since > EARLIEST:
        clock.now += 0.1
        times = window.begin()
        if times.until is None:
            window.end(NOON + MARGIN)
            continue
        dense_since = max(times.since, NOON - timedelta(hours=1))
        took = max((times.until - dense_since).total_seconds(), 0) * cost_per_second
        clock.now += min(took, 4)
        if took > 4:
            window.fail(NOON)
        else:
            window.end(NOON + MARGIN)
            slices.append(times)
    return slices


def test_a_claim_begins_where_the_last_one_ended() -> None:
    clock = Clock()
    window = ClaimWindow(clock)
    assert claimed(window, clock, NOON) == (EARLIEST, None)
    assert claimed(window, clock, NOON + SECOND) == (NOON, None)
    assert claimed(window, clock, NOON + 2 * SECOND) == (NOON + SECOND, None)


def test_a_claim_that_was_full_leaves_what_is_due_after_its_last() -> None:
    clock = Clock()
    window = at_noon(clock)
    claimed(window, clock, NOON + 9 * SECOND, last_due=NOON + SECOND, full=True)
    claimed(window, clock, NOON + 9 * SECOND, last_due=NOON + 2 * SECOND)
    assert claimed(window, clock, NOON + 9 * SECOND) == (NOON + 9 * SECOND, None)


def test_the_front_follows_a_clock_that_goes_back() -> None:
    clock = Clock()
    window = at_noon(clock)
    claimed(window, clock, NOON - 5 * SECOND)
    assert claimed(window, clock, NOON) == (NOON - 5 * SECOND, None)


def test_now_and_then_a_claim_looks_behind_the_front() -> None:
    clock = Clock()
    window = at_noon(clock)
    clock.now += SWEEP_EVERY - 0.01
    assert claimed(window, clock, NOON) == (NOON, None)
    clock.now += 0.01
    assert claimed(window, clock, NOON) == (EARLIEST, NOON)
    assert claimed(window, clock, NOON) == (NOON, None)


def test_at_rest_front_and_sweep_are_one_look() -> None:
    clock = Clock()
    window = at_noon(clock)
    assert window.begin(at_rest=True) == (NOON, None)
    clock.now += SWEEP_EVERY
    assert window.begin(at_rest=True) == (EARLIEST, None)
    window.end(NOON + SECOND + MARGIN)
    assert window.begin(at_rest=True) == (NOON + SECOND, None)
    clock.now += SWEEP_EVERY
    assert window.begin(at_rest=True) == (EARLIEST, None)


def test_but_not_once_such_a_look_was_slow() -> None:
    clock = Clock()
    window = at_noon(clock)
    clock.now += SWEEP_EVERY
    window.begin(at_rest=True)
    clock.now += 0.2
    window.end(NOON + MARGIN)
    clock.now += 20.1
    assert window.begin(at_rest=True) == (NOON - SECOND, NOON)


def test_nor_while_a_sweep_is_under_way() -> None:
    clock = Clock()
    window = at_noon(clock)
    clock.now += SWEEP_EVERY
    failed(window, clock, NOON)
    clock.now += 300
    claimed(window, clock, NOON)
    assert window.begin(at_rest=True) == (NOON - 3 * SECOND, NOON - SECOND)


def test_a_look_at_rest_that_finds_anything_leaves_the_sweep_to_the_claim() -> None:
    clock = Clock()
    window = at_noon(clock)
    clock.now += SWEEP_EVERY
    assert window.begin(at_rest=True) == (EARLIEST, None)
    assert claimed(window, clock, NOON, last_due=NOON - SECOND) == (EARLIEST, NOON)
    assert claimed(window, clock, NOON) == (NOON - SECOND, NOON)
    assert claimed(window, clock, NOON) == (NOON, None)


def test_a_sweep_goes_on_at_once_where_it_finds_much() -> None:
    clock = Clock()
    window = at_noon(clock)
    clock.now += SWEEP_EVERY
    yesterday = NOON - timedelta(days=1)
    assert claimed(window, clock, NOON, last_due=yesterday, full=True) == (EARLIEST, NOON)
    today = NOON - timedelta(hours=1)
    assert claimed(window, clock, NOON, last_due=today, took=9) == (yesterday, NOON)
    assert claimed(window, clock, NOON) == (today, NOON)
    assert claimed(window, clock, NOON) == (NOON, None)


def test_what_a_sweep_finds_makes_it_no_rarer() -> None:
    clock = Clock()
    window = at_noon(clock)
    clock.now += SWEEP_EVERY
    claimed(window, clock, NOON, last_due=NOON - SECOND, took=9)
    claimed(window, clock, NOON)
    clock.now += SWEEP_EVERY
    assert claimed(window, clock, NOON) == (EARLIEST, NOON)


def test_a_sweep_that_is_slow_goes_on_in_slices_the_latest_first() -> None:
    clock = Clock()
    window = at_noon(clock)
    clock.now += SWEEP_EVERY
    assert failed(window, clock, NOON) == (EARLIEST, NOON)
    clock.now += 300
    assert claimed(window, clock, NOON) == (NOON - SECOND, NOON)
    assert claimed(window, clock, NOON) == (NOON - 3 * SECOND, NOON - SECOND)
    assert claimed(window, clock, NOON, took=0.3) == (NOON - 7 * SECOND, NOON - 3 * SECOND)
    clock.now += 30.1
    assert claimed(window, clock, NOON) == (NOON - 8 * SECOND, NOON - 7 * SECOND)


def test_a_database_that_answers_late_is_swept_as_often_and_as_a_whole() -> None:
    clock = Clock()
    window = at_noon(clock)
    for _ in range(3):
        assert claimed(window, clock, NOON, took=0.3) == (NOON, None)
        clock.now += SWEEP_EVERY
        assert claimed(window, clock, NOON, took=0.3) == (EARLIEST, NOON)


def test_a_sweep_takes_a_hundredth_of_the_time() -> None:
    clock = Clock()
    window = at_noon(clock)
    clock.now += SWEEP_EVERY
    claimed(window, clock, NOON, took=0.05)
    clock.now += 4.9
    assert claimed(window, clock, NOON) == (NOON, None)
    clock.now += 0.2
    assert claimed(window, clock, NOON) == (EARLIEST, NOON)


def test_a_sweep_covers_all_without_a_gap_in_quick_slices() -> None:
    clock = Clock()
    window = at_noon(clock)
    clock.now += SWEEP_EVERY
    swept(window, clock, cost_per_second=0.01)
    assert window.readable_since == NOON
    slices = swept(window, clock, cost_per_second=0.01)
    assert [since for since, _ in slices[:-1]] == [until for _, until in slices[1:]]
    assert (slices[0].until, slices[-1].since) == (NOON, EARLIEST)
    dense = [s for s in slices if s.since >= NOON - timedelta(hours=1)]
    assert len(dense) > 50
    assert all(until - since <= 40 * SECOND for since, until in dense if until)


def test_a_sweep_is_whole_again_when_nothing_of_it_is_slow() -> None:
    clock = Clock()
    window = at_noon(clock)
    clock.now += SWEEP_EVERY
    swept(window, clock, cost_per_second=0.01)
    assert len(swept(window, clock, cost_per_second=0)) > 1
    assert swept(window, clock, cost_per_second=0) == [(EARLIEST, NOON)]
    assert window.readable_since == EARLIEST


def test_a_front_that_is_too_far_back_is_left_to_the_sweep() -> None:
    """As that of an engine that was frozen, or starts, while nothing is cleaned up."""
    clock = Clock()
    window = ClaimWindow(clock)
    assert failed(window, clock, NOON) == (EARLIEST, None)
    front = NOON - MARGIN
    assert claimed(window, clock, front) == (front - SECOND, front)
    later = NOON + timedelta(minutes=5)
    clock.now += 0.1
    assert claimed(window, clock, later) == (front - 3 * SECOND, front - SECOND)


def test_claims_at_the_front_go_on_beside_a_sweep() -> None:
    clock = Clock()
    window = ClaimWindow(clock)
    failed(window, clock, NOON)
    claimed(window, clock, NOON, took=0.2)
    assert claimed(window, clock, NOON + SECOND) == (NOON - MARGIN, None)
    assert claimed(window, clock, NOON + SECOND) == (NOON + SECOND, None)


def test_what_was_given_back_is_claimed_again_and_nothing_before_it() -> None:
    clock = Clock()
    window = at_noon(clock)
    claimed(window, clock, NOON + 9 * SECOND)
    window.give_back(NOON + 3 * SECOND)
    assert claimed(window, clock, NOON + 9 * SECOND) == (NOON + 3 * SECOND, None)


def test_what_was_given_back_to_the_past_does_not_take_the_front_there() -> None:
    clock = Clock()
    window = at_noon(clock)
    clock.now += SWEEP_EVERY
    assert claimed(window, clock, NOON) == (EARLIEST, NOON)
    yesterday = NOON - timedelta(days=1)
    window.give_back(yesterday)
    assert claimed(window, clock, NOON) == (NOON, None)
    clock.now += SWEEP_EVERY
    assert claimed(window, clock, NOON) == (yesterday, NOON)
    assert claimed(window, clock, NOON) == (NOON, None)


def test_a_slice_that_is_given_back_again_and_again_keeps_no_claim_from_the_front() -> None:
    clock = Clock()
    window = at_noon(clock)
    clock.now += SWEEP_EVERY
    at_front = 0
    for _ in range(20):
        clock.now += 1
        times = claimed(window, clock, NOON, last_due=NOON - SECOND)
        if times.until is None:
            at_front += 1
        else:
            window.give_back(NOON - SECOND)
    assert at_front == 10


def test_what_an_engine_that_is_gone_had_in_hand_is_looked_for() -> None:
    clock = Clock()
    window = at_noon(clock)
    window.someone_left()
    window.someone_left()
    assert claimed(window, clock, NOON) == (NOON - LEFT_WITHIN, None)


def test_an_engine_that_is_gone_before_the_first_claim_changes_nothing() -> None:
    clock = Clock()
    window = ClaimWindow(clock)
    window.someone_left()
    assert claimed(window, clock, NOON) == (EARLIEST, None)
