"""Answers that are found out together for all who wait for them."""

from collections.abc import Callable, Collection, Hashable, Mapping
from threading import Lock
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class _Round(Generic[_K, _V]):
    """Questions that are answered in one go.

    Each thread that waits has a lock of its own. Sharing one, all would wake up together and wait
    for it once more.
    """

    def __init__(self) -> None:
        self.asked: set[_K] = set()
        self._answers: Mapping[_K, _V] = {}
        self._error: BaseException | None = None
        self._waiting: list[Lock] = []

    def join(self) -> Lock:
        """Return a lock that is freed at the end of the round, which must not be over yet."""
        over = Lock()
        over.acquire()
        self._waiting.append(over)
        return over

    def end(self, answers: Mapping[_K, _V], error: BaseException | None) -> None:
        self._answers, self._error = answers, error
        for over in self._waiting:
            over.release()

    def answer(self, asked: _K) -> _V:
        if self._error is not None:
            raise self._error
        return self._answers[asked]


class Shared(Generic[_K, _V]):
    """Rounds of questions: while one is being answered, those of the next are gathered.

    So a flood of questions costs little more than one, and each answer is still newer than its
    question. Questions share a round when `group` gives the same for them. Safe to use from
    several threads.
    """

    def __init__(
        self,
        find_out: Callable[[Collection[_K]], Mapping[_K, _V]],
        *,
        group: Callable[[_K], Hashable],
    ) -> None:
        """Take what answers all the questions of a round."""
        self._find_out = find_out
        self._group = group
        self._lock = Lock()
        self._under_way: dict[Hashable, _Round[_K, _V]] = {}
        self._next: dict[Hashable, _Round[_K, _V]] = {}

    def get(self, asked: _K) -> _V:
        """Return the answer; raises what finding it out raises."""
        group = self._group(asked)
        with self._lock:
            mine = self._next.get(group)
            is_first = mine is None
            if mine is None:
                mine = self._next[group] = _Round()
                awaited = self._under_way.get(group)
            else:
                awaited = mine
            mine.asked.add(asked)
            over = awaited.join() if awaited is not None else None
        if over is not None:
            over.acquire()
        if is_first:
            self._hold(group)
        return mine.answer(asked)

    def _hold(self, group: Hashable) -> None:
        with self._lock:  # from here on nobody joins it
            mine = self._under_way[group] = self._next.pop(group)
        answers: Mapping[_K, _V] = {}
        error: BaseException | None = None
        try:
            answers = self._find_out(mine.asked)
        except BaseException as raised:  # noqa: BLE001  raised for each who waits
            error = raised
        with self._lock:  # from here on nobody waits for it
            del self._under_way[group]
        mine.end(answers, error)
