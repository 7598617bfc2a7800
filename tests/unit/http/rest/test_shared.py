"""Questions that are asked at the same time: answered together, and never with old news."""

from collections.abc import Collection, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import pytest

from fixengine.demo.waiting import wait_until
from fixengine.http.rest.shared import Shared

_DEADLINE = 10.0


@dataclass
class Source:
    """Answers with the number of the round, once each round is let go."""

    rounds: list[frozenset[str]] = field(default_factory=list)
    let_go: list[Event] = field(default_factory=lambda: [Event() for _ in range(3)])
    failure: Exception | None = None

    def find_out(self, asked: Collection[str]) -> Mapping[str, int]:
        self.rounds.append(frozenset(asked))
        number = len(self.rounds)
        assert self.let_go[number - 1].wait(_DEADLINE)
        if self.failure is not None:
            raise self.failure
        return dict.fromkeys(asked, number)


class Field:
    """Questions from threads of their own."""

    def __init__(self, *, together: bool = True) -> None:
        self.source = Source()
        group = _all if together else _each
        self._shared = Shared(self.source.find_out, group=group)
        self._threads = ThreadPoolExecutor(8)

    def ask(self, *asked: str) -> list[Future[int]]:
        return [self._threads.submit(self._shared.get, each) for each in asked]

    def begun(self, rounds: int) -> None:
        wait_until(lambda: len(self.source.rounds) >= rounds, _DEADLINE, "a round")

    def gathered(self, number: int) -> None:
        def waiting() -> int:
            return sum(len(each.asked) for each in self._shared._next.values())

        wait_until(lambda: waiting() == number, _DEADLINE, "questions for the next round")


def _all(_asked: str) -> Hashable:
    return None


def _each(asked: str) -> Hashable:
    return asked


def results(answers: list[Future[int]]) -> list[int]:
    return [answer.result(_DEADLINE) for answer in answers]


def test_what_is_asked_during_a_round_is_answered_by_the_next_one_together() -> None:
    field = Field()
    first = field.ask("a")
    field.begun(1)
    later = field.ask("a", "b", "c")
    field.gathered(3)
    for let_go in field.source.let_go:
        let_go.set()
    assert results(first) == [1]
    assert results(later) == [2, 2, 2]
    assert field.source.rounds == [{"a"}, {"a", "b", "c"}]


def test_questions_of_different_groups_do_not_wait_for_each_other() -> None:
    field = Field(together=False)
    slow = field.ask("slow")
    field.begun(1)
    quick = field.ask("quick")
    field.begun(2)
    field.source.let_go[1].set()
    assert results(quick) == [2]
    assert not slow[0].done()
    field.source.let_go[0].set()
    assert results(slow) == [1]


def test_a_failure_is_that_of_its_round_alone() -> None:
    field = Field()
    field.source.failure = ValueError("no")
    first = field.ask("a")
    field.begun(1)
    later = field.ask("a", "b")
    field.gathered(2)
    field.source.let_go[0].set()
    with pytest.raises(ValueError, match="no"):
        results(first)
    field.source.failure = None
    field.source.let_go[1].set()
    assert results(later) == [2, 2]
    again = field.ask("a")
    field.source.let_go[2].set()
    assert results(again) == [3]
