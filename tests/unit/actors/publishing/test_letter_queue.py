"""Which dead letters go next, and whom one that fails holds back."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

import pytest

from fixengine.actors.publishing.letter_queue import (
    MOST,
    MOST_BYTES,
    SLOW_AFTER,
    LetterQueue,
    PendingLetter,
)
from fixengine.ports.kafka import Failure, Record
from fixengine.supervision.refs import ActorRef
from fixengine.wire.letters import Place
from fixengine.wire.shortening import measures

NOBODY = cast("ActorRef", None)
LARGE = Failure(reason="too large", too_large=True, of_itself=True)
ODD = Failure(reason="no key", of_itself=True)
AWAY = Failure(reason="denied")


def letter(partition: int, offset: int, *, length: int = 10) -> PendingLetter:
    record = Record(
        topic="orders",
        partition=partition,
        offset=offset,
        key=None,
        value=b"x" * length,
        headers=(),
        timestamp_ms=None,
    )
    return PendingLetter(
        record=record,
        reason="bad",
        failed_at=datetime(2026, 7, 28, tzinfo=UTC),
        reply_to=NOBODY,
        original=measures(record),
    )


def places(letters: tuple[PendingLetter, ...]) -> list[tuple[int, int]]:
    return [(each.place.partition, each.place.offset) for each in letters]


class Broker:
    """Takes all but what it is told to refuse; its clock goes on with each look."""

    def __init__(
        self, queue: LetterQueue, refuse: Callable[[PendingLetter], Failure | None]
    ) -> None:
        self.queue, self.refuse = queue, refuse
        self.written: list[Place] = []
        self.tries: list[PendingLetter] = []
        self.now = 100.0

    def work(self, *, seconds: float = 0) -> None:
        """Go on until nothing more is to be sent within so many seconds."""
        until = self.now + seconds
        while self.now <= until:
            window = self.queue.take(self.now)
            for each in window:
                self.tries.append(each)
                failure = self.refuse(each)
                if failure is None:
                    self.written.append(each.place)
                    self.queue.written(each, self.now)
                else:
                    self.queue.failed(each, failure, self.now)
            if not window:
                self.now += max(self.queue.wait(self.now) or seconds + 1, 0.001)


@pytest.fixture
def queue() -> LetterQueue:
    return LetterQueue()


def test_the_first_letter_goes_alone_and_then_ever_more_at_a_time(queue: LetterQueue) -> None:
    queue.add(letter(0, offset) for offset in range(10 * MOST))
    windows: list[int] = []
    while window := queue.take(0):
        windows.append(len(window))
        assert queue.take(0) == ()
        for each in window:
            assert queue.written(each, 0)
    assert windows[:4] == [1, 2, 4, 8]
    assert max(windows) == MOST
    assert len(queue) == 0
    assert queue.wait(0) is None


def test_a_large_letter_goes_alone(queue: LetterQueue) -> None:
    broker = Broker(queue, lambda _: None)
    queue.add(letter(0, offset) for offset in range(3))
    broker.work()
    queue.add([letter(1, 1), letter(1, 2, length=MOST_BYTES + 1), letter(1, 3), letter(2, 1)])
    assert places(queue.take(0)) == [(1, 1), (2, 1)]


def test_what_is_too_large_is_shortened_at_once_and_holds_back_nothing(queue: LetterQueue) -> None:
    broker = Broker(queue, lambda each: LARGE if each.size > 1_000 else None)
    queue.add([letter(0, 1, length=5_000_000), letter(0, 2), letter(0, 3, length=5_000_000)])
    queue.add([letter(1, 1)])
    broker.work()
    assert sorted(broker.written) == [(0, 1), (0, 2), (0, 3), (1, 1)]
    assert queue.problem(broker.now) is None
    assert broker.now < 100.1 + 1


def test_small_letters_that_are_too_large_together_are_not_shortened(queue: LetterQueue) -> None:
    queue.add(letter(0, offset) for offset in range(7))
    sent = queue.take(0)
    queue.written(sent[0], 0)
    for each in queue.take(0):
        queue.failed(each, LARGE, 0)
    broker = Broker(queue, lambda _: None)
    broker.work()
    assert {each.room for each in broker.tries} == {None}
    assert broker.written == [Place(0, offset) for offset in range(1, 7)]


def test_a_letter_that_fails_by_itself_holds_back_its_own_partition_alone(
    queue: LetterQueue,
) -> None:
    broker = Broker(queue, lambda each: ODD if each.place == (0, 2) else None)
    queue.add(letter(0, offset) for offset in range(1, 600))
    queue.add(letter(1, offset) for offset in range(1, 600))
    broker.work(seconds=300)
    assert [place for place in broker.written if place.partition == 1] == [
        Place(1, offset) for offset in range(1, 600)
    ]
    # what had been sent along with it may have arrived, and that alone
    assert [place for place in broker.written if place.partition == 0] in (
        [(0, 1)],
        [(0, 1), (0, 3)],
    )
    problem = queue.problem(broker.now)
    assert problem is not None
    assert (problem[0].place, problem[1]) == ((0, 2), "no key")
    assert sum(each.place == (0, 2) for each in broker.tries) < 60
    broker.refuse = lambda _: None
    broker.work(seconds=60)
    assert len(queue) == 0
    assert queue.problem(broker.now) is None


def test_while_the_topic_takes_nothing_only_one_at_a_time_is_tried(queue: LetterQueue) -> None:
    broker = Broker(queue, lambda _: AWAY)
    for partition in range(5):
        queue.add(letter(partition, offset) for offset in range(100))
    broker.work(seconds=600)
    assert broker.written == []
    assert 100 < len(broker.tries) < 600  # with pauses of up to 5 s
    assert {each.place.partition for each in broker.tries} == set(range(5))
    assert {each.place.offset for each in broker.tries} == {0}
    broker.refuse = lambda _: None
    broker.work(seconds=5)
    assert len(broker.written) == 500
    assert queue.problem(broker.now) is None


def test_a_letter_that_no_size_helps_waits_like_any_other(queue: LetterQueue) -> None:
    broker = Broker(queue, lambda each: LARGE if each.place.partition == 0 else None)
    queue.add([letter(0, 1, length=5_000_000), letter(1, 1)])
    broker.work(seconds=10)
    assert broker.written == [(1, 1)]
    assert queue.problem(broker.now) is not None


def test_what_another_engine_is_to_write_is_forgotten(queue: LetterQueue) -> None:
    queue.add([letter(0, 1), letter(1, 1)])
    (sent,) = queue.take(0)
    queue.forget(frozenset({0}))
    assert not queue.written(sent, 0)  # and nobody is told
    assert places(queue.take(0)) == [(1, 1)]


def test_a_problem_goes_with_its_partition(queue: LetterQueue) -> None:
    for failure in (ODD, AWAY):
        queue.add([letter(0, 1)])
        (sent,) = queue.take(1_000)
        queue.failed(sent, failure, 0)
        assert queue.problem(0) is not None
        queue.forget()
        assert queue.problem(0) is None


def test_an_order_that_comes_again_takes_the_place_of_its_letter(queue: LetterQueue) -> None:
    queue.add([letter(0, 1)])
    (sent,) = queue.take(0)
    queue.failed(sent, ODD, 0)
    again = letter(0, 1)
    queue.add([again])
    assert queue.take(60) == (again,)
    assert queue.written(again, 60)
    assert queue.problem(60) is None


def test_a_broker_that_says_nothing_is_a_problem_after_a_while(queue: LetterQueue) -> None:
    queue.add([letter(0, 1)])
    queue.take(10)
    assert queue.problem(10 + SLOW_AFTER) is None
    slow = queue.problem(10.1 + SLOW_AFTER)
    assert slow is not None
    assert slow[0].place == (0, 1)


def test_when_nothing_is_known_of_what_was_sent_it_is_sent_again(queue: LetterQueue) -> None:
    queue.add(letter(0, offset) for offset in range(3))
    queue.written(queue.take(0)[0], 0)
    assert len(queue.take(0)) == 2
    for each in queue.take(1) or [letter(0, 1), letter(0, 2)]:
        queue.failed(each, AWAY, 0)
    assert places(queue.take(0)) == [(0, 1)]
