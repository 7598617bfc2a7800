"""A fill's life in the publisher follows its table, whichever way the fill is heard of first."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import product

import pykka
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fixengine.actors.publishing import pending as module
from fixengine.actors.publishing.pending import (
    Event,
    FillState,
    Key,
    OutOfStepError,
    PendingFills,
    key_of,
)
from fixengine.rules.take_over_times import SETTLE
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef
from tests.support.executions import fill

KEY = key_of(fill(1))


class Sender(Actor):
    def receive(self, message: object) -> None: ...


@cache
def a_sender() -> ActorRef:
    ref: pykka.ActorRef[Sender] = Sender.start()
    ref.stop()
    return ref


@pytest.fixture(scope="module")
def sender() -> ActorRef:
    return a_sender()


def happens(event: Event, pending: PendingFills, sender: ActorRef) -> bool:
    """Tell of an event of the first fill; return whether it was taken."""
    if event is Event.TOLD:
        return bool(pending.told([fill(1)], sender))
    if event is Event.FOUND:
        return bool(pending.found([fill(1)]))
    if event is Event.SETTLED:
        return bool(pending.settle())
    reported: Mapping[Event, Callable[[Iterable[Key]], object]] = {
        Event.ARRIVED: pending.arrived,
        Event.MISSED: pending.missed,
        Event.GIVEN_UP: pending.give_up,
        Event.ACKNOWLEDGED: pending.acknowledge,
        Event.FAILED: pending.fail,
        Event.MARKED: pending.mark,
    }
    try:
        reported[event]([KEY])
    except OutOfStepError:
        return False
    return True


WAYS: Mapping[FillState, tuple[Event, ...]] = {
    FillState.UNKNOWN: (),
    FillState.FOUND: (Event.FOUND,),
    FillState.IN_FLIGHT: (Event.TOLD,),
    FillState.SETTLING: (Event.TOLD, Event.FAILED),
    FillState.ACKNOWLEDGED: (Event.TOLD, Event.ACKNOWLEDGED),
}


@pytest.mark.parametrize(
    ("state", "event"), tuple(product(FillState, Event)), ids=lambda each: each.name
)
def test_in_each_state_happens_what_the_table_says_and_nothing_else(
    state: FillState, event: Event, sender: ActorRef
) -> None:
    now = [0.0]
    pending = PendingFills(clock=lambda: now[0])
    for before in WAYS[state]:
        assert happens(before, pending, sender)
    assert pending.state_of(KEY) is state
    now[0] = SETTLE
    taken = happens(event, pending, sender)
    assert taken == (event.before is state)
    assert pending.state_of(KEY) is (event.after if taken else state)


def test_the_table_that_people_read_is_the_one_that_holds() -> None:
    def words(each: Event | FillState) -> str:
        return each.name.lower().replace("_", " ")

    rows = re.findall(
        r"^\| ([\w ]+?) +\| ([\w ]+?) +\| ([\w ]+?) +\|", str(module.__doc__), re.MULTILINE
    )
    assert rows[1:] == [(words(event), words(event.before), words(event.after)) for event in Event]


class Lives(RuleBasedStateMachine):
    """Many fills at once, each of which is in the state that its events lead to."""

    numbers = st.sets(st.integers(1, 5), min_size=1)

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.pending = PendingFills(clock=lambda: self.now)
        self.sender = a_sender()
        self.states: dict[int, FillState] = {}
        self.found: set[int] = set()
        self.told: set[int] = set()
        self.settling: list[tuple[float, int]] = []
        self.owed = 0
        self.heard_of = 0

    def those(self, state: FillState, numbers: set[int]) -> list[int]:
        return [n for n in numbers if self.states.get(n, FillState.UNKNOWN) is state]

    def move(self, event: Event, numbers: set[int]) -> list[Key]:
        moved = self.those(event.before, numbers)
        self.states.update(dict.fromkeys(moved, event.after))
        return [key_of(fill(n)) for n in moved]

    @rule(numbers=numbers)
    def are_told(self, numbers: set[int]) -> None:
        news = set(self.those(FillState.UNKNOWN, numbers)) - self.found
        taken = self.pending.told([fill(n) for n in numbers], self.sender)
        assert {key_of(each) for each in taken} == set(self.move(Event.TOLD, news))
        self.owed += len(news)
        self.told |= news

    @rule(numbers=numbers)
    def are_found(self, numbers: set[int]) -> None:
        taken = self.pending.found([fill(n) for n in numbers])
        news = set(self.those(FillState.UNKNOWN, numbers))
        assert {key_of(each) for each in taken} == set(self.move(Event.FOUND, numbers))
        self.found |= news
        self.told -= news

    @rule(numbers=numbers)
    def arrived(self, numbers: set[int]) -> None:
        self.pending.arrived(self.move(Event.ARRIVED, numbers))

    @rule(numbers=numbers)
    def missed(self, numbers: set[int]) -> None:
        self.pending.missed(self.move(Event.MISSED, numbers))

    @rule(numbers=numbers)
    def given_up(self, numbers: set[int]) -> None:
        self.pending.give_up(self.move(Event.GIVEN_UP, numbers))

    @rule(numbers=numbers)
    def acknowledged(self, numbers: set[int]) -> None:
        self.pending.acknowledge(self.move(Event.ACKNOWLEDGED, numbers))

    @rule(numbers=numbers)
    def failed(self, numbers: set[int]) -> None:
        failed = self.those(FillState.IN_FLIGHT, numbers)
        self.pending.fail(self.move(Event.FAILED, numbers))
        self.settling += [(self.now + SETTLE, n) for n in failed]

    @rule(seconds=st.sampled_from([1.0, SETTLE]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        settled = {n for due, n in self.settling if due <= self.now}
        self.settling = [each for each in self.settling if each[0] > self.now]
        self.move(Event.SETTLED, settled)
        self.hear(self.pending.settle(), settled)

    @precondition(lambda self: self.pending.acknowledged)
    @rule(numbers=numbers)
    def marked(self, numbers: set[int]) -> None:
        theirs = set(self.those(FillState.ACKNOWLEDGED, numbers))
        self.hear(self.pending.mark(self.move(Event.MARKED, numbers)), theirs)

    def hear(self, counts: Mapping[ActorRef, int], over: set[int]) -> None:
        assert counts == ({self.sender: len(over & self.told)} if over & self.told else {})
        self.heard_of += sum(counts.values())
        self.told -= over

    @invariant()
    def each_is_where_its_events_led_it(self) -> None:
        for number in range(1, 6):
            state = self.states.get(number, FillState.UNKNOWN)
            assert self.pending.state_of(key_of(fill(number))) is state
        held = [state for state in self.states.values() if state is not FillState.UNKNOWN]
        assert len(self.pending) == len(held)
        assert len(self.pending.acknowledged) == held.count(FillState.ACKNOWLEDGED)

    @invariant()
    def a_sender_hears_of_each_fill_once(self) -> None:
        assert self.owed == self.heard_of + len(self.told)


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)


def test_a_fill_that_was_found_is_not_taken_on_when_it_is_told(sender: ActorRef) -> None:
    pending = PendingFills()
    assert pending.found([fill(1)]) == [fill(1)]
    assert pending.told([fill(1), fill(2)], sender) == [fill(2)]


def test_even_when_it_has_been_published_meanwhile(sender: ActorRef) -> None:
    pending = PendingFills()
    pending.found([fill(1)])
    pending.arrived([KEY])
    assert pending.mark([KEY]) == {}
    assert len(pending) == 0
    assert pending.told([fill(1)], sender) == []


def test_a_fill_that_is_on_its_way_is_not_sent_again_however_many_were_found_since(
    sender: ActorRef,
) -> None:
    pending = PendingFills()
    pending.found([fill(1)])
    pending.missed([KEY])
    for number in range(2, 20_002):
        pending.found([fill(number)])
    assert pending.told([fill(1)], sender) == []


def test_senders_learn_how_many_of_theirs_were_marked(sender: ActorRef) -> None:
    pending = PendingFills()
    pending.told([fill(1), fill(2), fill(3)], sender)
    pending.found([fill(4)])
    pending.arrived([key_of(fill(4))])
    pending.acknowledge(key_of(fill(number)) for number in (1, 2))
    assert pending.mark(tuple(pending.acknowledged)) == {sender: 2}
    assert len(pending) == 1


def test_a_fill_whose_message_failed_is_found_again_when_that_can_not_arrive_any_more(
    sender: ActorRef,
) -> None:
    now = [0.0]
    pending = PendingFills(clock=lambda: now[0])
    pending.told([fill(1), fill(2)], sender)
    pending.fail([key_of(fill(1))])
    now[0] = SETTLE - 0.1
    pending.fail([key_of(fill(2))])
    assert pending.settle() == {}
    assert pending.found([fill(1), fill(2)]) == []
    now[0] = SETTLE
    assert pending.settle() == {sender: 1}
    assert pending.found([fill(1), fill(2)]) == [fill(1)]


def test_what_can_not_happen_is_a_bug_that_names_the_fill_and_its_state(sender: ActorRef) -> None:
    pending = PendingFills()
    pending.told([fill(1)], sender)
    with pytest.raises(OutOfStepError) as raised:
        pending.mark([KEY])
    assert str(raised.value) == f"fill {KEY} can't be marked: it is in flight, not acknowledged"
