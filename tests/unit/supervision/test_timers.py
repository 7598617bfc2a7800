"""When what an actor tells itself later comes, and that it comes once."""

from dataclasses import dataclass
from math import inf

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fixengine.supervision.timers import Timer, Timers

TIMES = st.integers(0, 20).map(float)  # few, so that many are the same


@given(st.lists(TIMES))
def test_messages_come_by_their_times_and_of_the_same_time_the_first_that_was_set(
    times: list[float],
) -> None:
    timers = Timers()
    for number, at in enumerate(times):
        timers.set(at, (at, number))
    assert timers.take_due(20.0) == sorted((at, number) for number, at in enumerate(times))


def test_a_message_comes_at_its_time_and_not_before() -> None:
    timers = Timers()
    timers.set(2.0, "later")
    assert timers.next_at() == 2.0
    assert timers.take_due(1.999) == []
    assert timers.take_due(2.0) == ["later"]
    assert timers.next_at() == inf


@dataclass
class Promised:
    timer: Timer
    is_over: bool = False  # it came, or was cancelled


class AnyOrder(RuleBasedStateMachine):
    """Whatever is set, cancelled, taken and cleared: each comes once, when it is due."""

    def __init__(self) -> None:
        super().__init__()
        self.timers = Timers()
        self.now = 0.0
        self.promised: list[Promised] = []

    def open(self) -> list[Promised]:
        return [each for each in self.promised if not each.is_over]

    @rule(after=TIMES)
    def sets(self, after: float) -> None:
        timer = self.timers.set(self.now + after, len(self.promised))
        self.promised.append(Promised(timer))

    @rule(choice=st.data())
    def cancels_any_even_what_came(self, choice: st.DataObject) -> None:
        if self.promised:
            promised = choice.draw(st.sampled_from(self.promised))
            promised.timer.cancel()
            promised.is_over = True

    @rule(seconds=TIMES)
    def lets_time_pass(self, seconds: float) -> None:
        self.now += seconds
        came = [self.promised[number] for number in self.timers.take_due(self.now)]
        assert {id(each) for each in came} == {
            id(each) for each in self.open() if each.timer.at <= self.now
        }
        for each in came:
            assert not each.is_over
            each.is_over = True

    @rule()
    def clears(self) -> None:
        self.timers.clear()
        for each in self.promised:
            each.is_over = True

    @invariant()
    def the_next_one_is_known(self) -> None:
        assert self.timers.next_at() == min((each.timer.at for each in self.open()), default=inf)


TestAnyOrder = AnyOrder.TestCase
