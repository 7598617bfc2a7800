"""How many fills may be on their way to the broker, and when that is told."""

from fixengine.actors.filling.back_pressure import BackPressure
from fixengine.actors.filling.limits import FillLimits
from tests.support.clocks import Clock

LIMITS = FillLimits(enough_unpublished=10, silence=5)


def test_it_begins_with_enough_fills_and_ends_when_fewer_than_half_are_left() -> None:
    pressure = BackPressure(LIMITS, Clock())
    pressure.sent(9)
    assert not pressure.look()
    pressure.sent(1)
    assert pressure.look()
    assert not pressure.arrived(5)
    assert pressure.look()
    assert pressure.arrived(1)
    assert not pressure.look()


def test_what_arrives_before_anybody_looks_makes_no_pressure() -> None:
    pressure = BackPressure(LIMITS, Clock())
    pressure.sent(10)
    assert not pressure.arrived(1)
    assert not pressure.look()


def test_it_ends_once() -> None:
    pressure = BackPressure(LIMITS, Clock())
    pressure.sent(10)
    pressure.look()
    assert [pressure.arrived(3) for _ in range(3)] == [False, True, False]


def test_a_slow_broker_is_not_silent() -> None:
    clock = Clock()
    pressure = BackPressure(LIMITS, clock)
    pressure.sent(10)
    pressure.look()
    for _ in range(3):
        clock.now += LIMITS.silence
        assert not pressure.is_silent()
        pressure.arrived(1)


def test_a_broker_is_silent_some_time_after_the_last_of_enough_fills() -> None:
    clock = Clock()
    pressure = BackPressure(LIMITS, clock)
    clock.now += 100
    pressure.sent(10)
    assert not pressure.is_silent()  # nobody waits yet
    pressure.look()
    clock.now += LIMITS.silence
    assert not pressure.is_silent()
    clock.now += 0.1
    assert pressure.is_silent()
    pressure.arrived(1)
    assert not pressure.is_silent()
