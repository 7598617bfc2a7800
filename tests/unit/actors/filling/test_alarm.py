"""That one tick is to come at any time, and when."""

from dataclasses import dataclass, field

import pytest

from fixengine.actors.filling.alarm import Alarm, Tick
from fixengine.supervision.timers import Timer
from tests.support.clocks import Clock


@dataclass
class Bedside:
    """An alarm, its clock, and the ticks that it has sent: at once, or after so many seconds."""

    clock: Clock = field(default_factory=Clock)
    sent: list[tuple[float, Tick]] = field(default_factory=list)
    pending: list[Timer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alarm = Alarm(
            tell=lambda tick: self.sent.append((0, tick)),
            tell_later=self._later,
            apart=lambda: 0.5,
            clock=self.clock,
        )

    def _later(self, seconds: float, tick: Tick) -> Timer:
        self.sent.append((seconds, tick))
        timer = Timer(self.clock.now + seconds, tick, self.pending)
        self.pending.append(timer)
        return timer

    def waits(self) -> list[float]:
        return [seconds for seconds, _ in self.sent]

    def rings(self) -> bool:
        return self.alarm.rings(self.sent[-1][1])


@pytest.fixture
def bedside() -> Bedside:
    return Bedside()


def test_a_choice_replaces_the_one_before(bedside: Bedside) -> None:
    bedside.alarm.ring_in(5)
    bedside.alarm.ring_in(0)
    assert bedside.waits() == [5, 0]
    assert not bedside.pending  # the first was cancelled, and the second was told at once
    (_, earlier), (_, later) = bedside.sent
    assert not bedside.alarm.rings(earlier)
    assert bedside.alarm.rings(later)


def test_ticks_keep_apart_where_they_are_asked_to(bedside: Bedside) -> None:
    bedside.alarm.ring_in(0)
    assert bedside.rings()
    bedside.clock.now += 0.25
    bedside.alarm.ring_apart_in(0)
    bedside.alarm.ring_apart_in(3)
    bedside.alarm.ring_in(0)
    assert bedside.waits() == [0, 0.25, 3, 0]


def test_a_tick_comes_earlier_but_never_later_than_it_would_anyway(bedside: Bedside) -> None:
    bedside.alarm.ring_in(0)
    assert bedside.rings()
    bedside.alarm.ring_in(3)
    bedside.alarm.ring_within(4)
    bedside.alarm.ring_within(2)
    bedside.alarm.ring_within(0)
    bedside.alarm.ring_within(0)
    assert bedside.waits() == [0, 3, 2, 0.5]


def test_nothing_is_brought_forward_while_a_tick_is_dealt_with(bedside: Bedside) -> None:
    bedside.alarm.ring_in(1)
    bedside.clock.now += 1
    assert bedside.rings()
    bedside.alarm.ring_within(0)
    assert bedside.waits() == [1]


def test_a_tick_may_free_the_next_one_from_its_distance(bedside: Bedside) -> None:
    bedside.alarm.ring_in(0)
    assert bedside.rings()
    bedside.alarm.keep_no_distance()
    bedside.alarm.ring_apart_in(0)
    assert bedside.waits() == [0, 0]
