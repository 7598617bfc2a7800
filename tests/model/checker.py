"""An exhaustive search of everything that a model can do, for a state that must not be."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
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
) -> Found[State]:
    """Visit every state that can be reached, the nearest first.

    A state is a flaw when `flaw` says so, or when nothing that may still happen leads to one
    that is `done`.
    """
    came: dict[State, tuple[State, str] | None] = {start: None}
    before: dict[State, list[State]] = {start: []}
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        found = flaw(state)
        if found is not None:
            return Found(states=len(came), flaw=found, trace=_trace(came, state))
        for helps, following_ones in ((True, steps(state)), (False, faults(state))):
            for name, following in following_ones:
                if following not in came:
                    came[following] = (state, name)
                    before[following] = []
                    waiting.append(following)
                if helps:
                    before[following].append(state)
    stuck = next(_cannot_reach(came, before, filter(done, came)), None)
    if stuck is not None:
        return Found(states=len(came), flaw="it never ends well", trace=_trace(came, stuck))
    return Found(states=len(came))


def _cannot_reach(
    states: Iterable[State], before: dict[State, list[State]], ends: Iterable[State]
) -> Iterator[State]:
    good = set(ends)
    waiting = list(good)
    while waiting:
        for state in before[waiting.pop()]:
            if state not in good:
                good.add(state)
                waiting.append(state)
    return (state for state in states if state not in good)


def _trace(came: dict[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    steps: list[str] = []
    while (origin := came[state]) is not None:
        state, name = origin
        steps.append(name)
    return tuple(reversed(steps))
