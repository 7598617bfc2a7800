"""No fill is taken on twice, whichever way it is heard of first."""

import pykka
import pytest

from fixengine.actors.publishing.pending import PendingFills, key_of
from fixengine.rules.leases import SETTLE
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef
from tests.support.executions import fill


class Sender(Actor):
    def receive(self, message: object) -> None: ...


@pytest.fixture
def sender() -> ActorRef:
    ref: pykka.ActorRef[Sender] = Sender.start()
    ref.stop()
    return ref


def test_a_fill_that_was_told_is_not_found_again(sender: ActorRef) -> None:
    pending = PendingFills()
    assert pending.told([fill(1)], sender) == [fill(1)]
    assert pending.found([fill(1), fill(2)]) == [fill(2)]


def test_a_fill_that_was_found_is_not_taken_on_when_it_is_told(sender: ActorRef) -> None:
    pending = PendingFills()
    assert pending.found([fill(1)]) == [fill(1)]
    assert pending.told([fill(1), fill(2)], sender) == [fill(2)]


def test_even_when_it_has_been_published_meanwhile(sender: ActorRef) -> None:
    pending = PendingFills()
    pending.found([fill(1)])
    pending.acknowledged.append(key_of(fill(1)))
    assert pending.marked() == {}
    assert len(pending) == 0
    assert pending.told([fill(1)], sender) == []


def test_senders_learn_how_many_of_theirs_were_marked(sender: ActorRef) -> None:
    pending = PendingFills()
    pending.told([fill(1), fill(2), fill(3)], sender)
    pending.found([fill(4)])
    pending.acknowledged.extend(key_of(fill(number)) for number in (1, 2, 4))
    assert pending.marked() == {sender: 2}
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
    assert pending.released() == {}
    assert pending.found([fill(1), fill(2)]) == []
    now[0] = SETTLE
    assert pending.released() == {sender: 1}
    assert pending.found([fill(1), fill(2)]) == [fill(1)]
