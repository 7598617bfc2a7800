"""An exhaustive search of everything that a model can do, for a state that must not be."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar("State", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[State]):
    """What the search came to. `trace` leads to the flaw, if there is one, step by step."""

    states: int
    flaw: str | None = None
    trace: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the flaw and the steps to it."""
        return "\n".join((self.flaw or "no flaw", *self.trace))


def search(
    start: State,
    *,
    steps: Callable[[State], Iterable[tuple[str, State]]],
    faults: Callable[[State], Iterable[tuple[str, State]]],
    flaw: Callable[[State], str | None],
    done: Callable[[State], bool],
    mirrored: Callable[[State], State] = lambda state: state,
) -> Found[State]:
    """Visit every state that can be reached, the nearest first.

    Of a state and what is `mirrored`, in which the same can happen to others, it visits one.

    A state is a flaw when `flaw` says so, or when nothing that may still happen leads to one
    that is `done`.
    """
    numbers = {start: 0}  # a state is hashed once each time that it is come to
    states = [start]
    origins: list[tuple[int, str]] = [(0, "")]
    before: list[list[int]] = [[]]
    for number, state in enumerate(states):  # which grows meanwhile
        found = flaw(state)
        if found is not None:
            return Found(states=len(states), flaw=found, trace=_trace(origins, number))
        for helps, following_ones in ((True, steps(state)), (False, faults(state))):
            for name, following in following_ones:
                at = numbers.get(following)
                if at is None:
                    at = numbers[following] = numbers.get(mirrored(following), len(states))
                if at == len(states):
                    states.append(following)
                    origins.append((number, name))
                    before.append([])
                if helps:
                    before[at].append(number)
    ends = [number for number, state in enumerate(states) if done(state)]
    stuck = next(_cannot_reach(before, ends), None)
    if stuck is not None:
        trace = _trace(origins, stuck)
        return Found(states=len(states), flaw="it never ends well", trace=trace)
    return Found(states=len(states))


def _cannot_reach(before: Sequence[Iterable[int]], ends: Iterable[int]) -> Iterator[int]:
    good = set(ends)
    waiting = list(good)
    while waiting:
        for number in before[waiting.pop()]:
            if number not in good:
                good.add(number)
                waiting.append(number)
    return (number for number in range(len(before)) if number not in good)


def _trace(origins: Sequence[tuple[int, str]], number: int) -> tuple[str, ...]:
    names: list[str] = []
    while number:  # the first is where it starts
        number, name = origins[number]
        names.append(name)
    return tuple(reversed(names))
