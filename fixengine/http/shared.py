"""Answers that are found out together for all who wait for them."""

from collections.abc import Callable, Collection, Hashable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


@dataclass(slots=True)
class _Round(Generic[_K, _V]):
    """Questions that are answered in one go."""

    asked: set[_K] = field(default_factory=set)
    answers: Future[Mapping[_K, _V]] = field(default_factory=Future)


class Shared(Generic[_K, _V]):
    """Rounds of questions: while one is being answered, those of the next are gathered.

    So a flood of questions costs little more than one, and still each answer is of a moment after
    its question. Questions are in one round when `group` gives the same for them. Safe to use from
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
            before = self._under_way.get(group)
            is_first = group not in self._next
            mine = self._next.setdefault(group, _Round())
            mine.asked.add(asked)
        if is_first:
            if before is not None:
                wait([before.answers])
            self._hold(group)
        return mine.answers.result()[asked]

    def _hold(self, group: Hashable) -> None:
        with self._lock:  # from here on nobody joins it
            mine = self._under_way[group] = self._next.pop(group)
        try:
            answers = self._find_out(mine.asked)
        except BaseException as error:  # noqa: BLE001  raised for each who waits
            self._over(group)
            mine.answers.set_exception(error)
        else:
            self._over(group)
            mine.answers.set_result(answers)

    def _over(self, group: Hashable) -> None:
        """Say so before its answers are told, which the next round may be waiting for."""
        with self._lock:
            del self._under_way[group]
