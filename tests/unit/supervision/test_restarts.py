"""When a child is restarted, how soon, and when it is too often."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.supervision.restarts import Backoff, Restart, RestartBudget, RestartIntensity
from tests.unit.supervision.family import Time


class Slowest(Random):
    """Draws the longest wait."""

    def uniform(self, a: float, b: float) -> float:
        return b


def budget(
    time: Time, *, max_restarts: int = 3, period: float = 10.0, cap: float = 5.0
) -> RestartBudget:
    return RestartBudget(
        intensity=RestartIntensity(max_restarts=max_restarts, period=period),
        backoff=Backoff(first=1.0, cap=cap),
        clock=time.clock,
        rng=Slowest(),
    )


def test_as_many_restarts_as_allowed_are_allowed_and_not_one_more() -> None:
    restarts = budget(Time(), max_restarts=3)
    assert [restarts.spend() is not None for _ in range(4)] == [True, True, True, False]


def test_no_restart_is_allowed_when_none_is() -> None:
    assert budget(Time(), max_restarts=0).spend() is None


def test_a_restart_counts_for_exactly_the_period() -> None:
    time = Time()
    restarts = budget(time, max_restarts=1, period=10.0)
    restarts.spend()
    time.now += 10.0
    assert restarts.spend() is None

    time = Time()
    restarts = budget(time, max_restarts=1, period=10.0)
    restarts.spend()
    time.now += 10.001
    assert restarts.spend() is not None


def test_the_window_slides() -> None:
    time = Time()
    restarts = budget(time, max_restarts=2, period=10.0)
    for _ in range(6):  # never more than two in any ten seconds, though six in thirty
        assert restarts.spend() is not None
        time.now += 6.0
    assert restarts.spend() is not None
    assert restarts.spend() is None


@given(
    steps=st.lists(st.floats(0, 20, allow_nan=False), max_size=30),
    max_restarts=st.integers(0, 5),
)
def test_a_refusal_means_too_many_in_one_period(steps: list[float], max_restarts: int) -> None:
    time, spent = Time(), []
    restarts = budget(time, max_restarts=max_restarts, period=10.0)
    for step in steps:
        time.now += step
        spent.append(time.now)
        in_period = sum(at >= time.now - 10.0 for at in spent)
        assert (restarts.spend() is None) == (in_period > max_restarts)


def test_the_back_off_doubles_up_to_its_cap() -> None:
    restarts = budget(Time(), max_restarts=6, cap=5.0)
    assert [restarts.spend() for _ in range(6)] == [1.0, 2.0, 4.0, 5.0, 5.0, 5.0]


def test_a_quiet_period_resets_the_back_off() -> None:
    time = Time()
    restarts = budget(time, max_restarts=3, period=10.0)
    assert [restarts.spend(), restarts.spend()] == [1.0, 2.0]
    time.now += 10.5
    assert restarts.spend() == 1.0


def test_the_back_off_has_full_jitter() -> None:
    rng, backoff = Random(1), Backoff(first=1.0, cap=8.0)
    waits = [backoff.delay(3, rng) for _ in range(1000)]
    assert 0.0 <= min(waits) < 0.1
    assert 3.9 < max(waits) <= 4.0
    assert 1.8 < sum(waits) / len(waits) < 2.2


@given(attempt=st.integers(1, 100_000), seed=st.integers(0, 1000))
def test_no_back_off_is_longer_than_its_cap(attempt: int, seed: int) -> None:
    assert 0.0 <= Backoff(first=0.1, cap=30.0).delay(attempt, Random(seed)) <= 30.0


@pytest.mark.parametrize(
    "build",
    [
        lambda: RestartIntensity(max_restarts=-1, period=1.0),
        lambda: RestartIntensity(max_restarts=1, period=0.0),
        lambda: Backoff(first=0.0, cap=1.0),
        lambda: Backoff(first=2.0, cap=1.0),
    ],
)
def test_settings_that_make_no_sense_are_refused(build: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="must"):
        build()


def test_the_kind_of_child_decides_which_end_leads_to_a_restart() -> None:
    assert {
        kind: (kind.follows(crashed=True), kind.follows(crashed=False)) for kind in Restart
    } == {
        Restart.PERMANENT: (True, True),
        Restart.TRANSIENT: (True, False),
        Restart.TEMPORARY: (False, False),
    }
