"""When a session is told that it has something to do."""

from datetime import UTC, datetime, timedelta

import pytest

from fixengine.actors.gateway.schedule import Schedule
from fixengine.fix.settings import Moment
from fixengine.supervision.timers import Timer, Timers

MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)


class Wall:
    """A clock, and what the session is told by it."""

    def __init__(self) -> None:
        self.at = 100.0
        self.timers = Timers()

    def tell_later(self, seconds: float) -> Timer:
        return self.timers.set(self.at + seconds, "told")

    def now(self, *, left: float = 3600.0) -> Moment:
        """Return the time, with so many seconds left of the day."""
        return Moment(MIDNIGHT - timedelta(seconds=left), self.at)


@pytest.fixture
def wall() -> Wall:
    return Wall()


def test_the_earlier_deadline_takes_the_place_of_a_later_one(wall: Wall) -> None:
    schedule = Schedule(wall.tell_later, day_ends=None)
    schedule.arm(130.0, wall.now())
    schedule.arm(110.0, wall.now())
    schedule.arm(120.0, wall.now())
    assert wall.timers.take_due(119.0) == ["told"]
    assert wall.timers.take_due(1000.0) == []


def test_a_session_that_was_told_is_told_again(wall: Wall) -> None:
    schedule = Schedule(wall.tell_later, day_ends=None)
    schedule.arm(110.0, wall.now())
    assert wall.timers.take_due(110.0) == ["told"]
    schedule.told()
    schedule.arm(130.0, wall.now())
    assert wall.timers.next_at() == 130.0


def test_a_deadline_that_has_passed_is_told_at_once(wall: Wall) -> None:
    Schedule(wall.tell_later, day_ends=None).arm(90.0, wall.now())
    assert wall.timers.next_at() == wall.at


@pytest.mark.parametrize("due", [None, 3800.0])
def test_the_end_of_the_day_is_not_missed(wall: Wall, due: float | None) -> None:
    Schedule(wall.tell_later, day_ends=MIDNIGHT).arm(due, wall.now(left=60.0))
    assert wall.timers.next_at() == 160.0


def test_without_an_end_or_a_deadline_nobody_is_told(wall: Wall) -> None:
    schedule = Schedule(wall.tell_later, day_ends=None)
    schedule.arm(None, wall.now())
    assert wall.timers.take_due(1e9) == []
    assert not schedule.day_is_over(wall.now(left=-1e6))


def test_the_day_ends_once(wall: Wall) -> None:
    schedule = Schedule(wall.tell_later, day_ends=MIDNIGHT)
    assert not schedule.day_is_over(wall.now(left=0.001))
    assert schedule.day_is_over(wall.now(left=0.0))
    assert not schedule.day_is_over(wall.now(left=-1.0))
    schedule.arm(None, wall.now(left=-1.0))
    assert wall.timers.take_due(1e9) == []
