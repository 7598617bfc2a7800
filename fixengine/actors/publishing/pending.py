"""A fill's life in the publisher, from its storage until it has left the outbox: a state table.

| event        | from         | to           | who says so                                         |
|--------------|--------------|--------------|-----------------------------------------------------|
| told         | unknown      | in flight    | the scheduler, which has just stored it             |
| found        | unknown      | found        | the watch over the outbox: nobody has told of it    |
| arrived      | found        | acknowledged | the look at the topic: it is there already          |
| missed       | found        | in flight    | the look at the topic: it is not there, so it goes  |
| given up     | found        | unknown      | no look is possible, or another engine has it now   |
| acknowledged | in flight    | acknowledged | the broker                                          |
| failed       | in flight    | settling     | the producer; the broker may take it all the same   |
| settled      | settling     | unknown      | the clock, after SETTLE: nothing of it can arrive   |
| marked       | acknowledged | unknown      | the database: it has left the outbox                |

What is unknown and still in the outbox is found again, so no fill is lost. What is not unknown is
neither taken on from a message nor found, so no fill is on its way twice.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import Enum, auto, unique
from time import monotonic
from typing import TypeAlias

from cachetools import LRUCache

from fixengine.rules.take_over_times import SETTLE
from fixengine.rules.values import Fill
from fixengine.supervision.refs import ActorRef

Key: TypeAlias = tuple[int, int]
"""Execution id and fill number."""

_FOUND_REMEMBERED = 10_000


class FillState(Enum):
    """Where a fill is. Of an unknown one nothing is kept."""

    UNKNOWN = auto()
    FOUND = auto()
    IN_FLIGHT = auto()
    SETTLING = auto()
    ACKNOWLEDGED = auto()


@unique
class Event(Enum):
    """What happens to a fill: the state before, and the state after. Nothing else can happen."""

    TOLD = (FillState.UNKNOWN, FillState.IN_FLIGHT)
    FOUND = (FillState.UNKNOWN, FillState.FOUND)
    ARRIVED = (FillState.FOUND, FillState.ACKNOWLEDGED)
    MISSED = (FillState.FOUND, FillState.IN_FLIGHT)
    GIVEN_UP = (FillState.FOUND, FillState.UNKNOWN)
    ACKNOWLEDGED = (FillState.IN_FLIGHT, FillState.ACKNOWLEDGED)
    FAILED = (FillState.IN_FLIGHT, FillState.SETTLING)
    SETTLED = (FillState.SETTLING, FillState.UNKNOWN)
    MARKED = (FillState.ACKNOWLEDGED, FillState.UNKNOWN)

    def __init__(self, before: FillState, after: FillState) -> None:
        self.before = before
        self.after = after


class PendingFills:
    """The one owner of these states: each event is a method, and refuses fills in other states.

    A fill that was found is remembered for a while after its end, because the message that tells
    of it may still be on its way.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._fills: dict[FillState, dict[Key, ActorRef | None]] = {
            state: {} for state in FillState if state is not FillState.UNKNOWN
        }
        self._settling: deque[tuple[float, tuple[Key, ...]]] = deque()
        self._remembered: LRUCache[Key, None] = LRUCache(_FOUND_REMEMBERED)

    def __len__(self) -> int:
        """Return how many fills are taken on and not marked."""
        return sum(map(len, self._fills.values()))

    def state_of(self, key: Key) -> FillState:
        """Return where a fill is."""
        for state, fills in self._fills.items():
            if key in fills:
                return state
        return FillState.UNKNOWN

    @property
    def acknowledged(self) -> Collection[Key]:
        """The fills that can be marked, in the order in which they were acknowledged."""
        return self._fills[FillState.ACKNOWLEDGED].keys()

    def told(self, fills: Sequence[Fill], reply_to: ActorRef | None) -> list[Fill]:
        """Take on fills, of which `reply_to` wants to hear; return those that are to be sent."""
        news = self._unknown(fills)
        for key in [key for key in news if key in self._remembered]:
            del news[key]
        self._fills[Event.TOLD.after].update(dict.fromkeys(news, reply_to))
        return list(news.values())

    def found(self, fills: Iterable[Fill]) -> list[Fill]:
        """Take on fills of the outbox; return those that the topic may or may not have."""
        news = self._unknown(fills)
        self._fills[Event.FOUND.after].update(dict.fromkeys(news))
        self._remembered.update(dict.fromkeys(news))
        return list(news.values())

    def arrived(self, keys: Iterable[Key]) -> None:
        """Take note of found fills that the topic has."""
        self._move(Event.ARRIVED, keys)

    def missed(self, keys: Iterable[Key]) -> None:
        """Take note of found fills that the topic does not have: they are being sent."""
        self._move(Event.MISSED, keys)

    def give_up(self, keys: Iterable[Key]) -> None:
        """Let go of found fills, nothing was sent of them."""
        self._move(Event.GIVEN_UP, keys)

    def acknowledge(self, keys: Iterable[Key]) -> None:
        """Take note of fills that the broker has taken."""
        self._move(Event.ACKNOWLEDGED, keys)

    def fail(self, keys: Iterable[Key]) -> None:
        """Take note of fills whose messages failed: they may arrive until they have settled."""
        failed = self._move(Event.FAILED, keys)
        self._settling.append((self._clock() + SETTLE, tuple(failed)))

    def settle(self) -> Mapping[ActorRef, int]:
        """Let go of failed fills that can't arrive any more; return how many each sender told of.

        To be called now and then. A sender may make more fills when it has heard of these.
        """
        settled: Counter[ActorRef] = Counter()
        while self._settling and self._settling[0][0] <= self._clock():
            settled += self._senders(Event.SETTLED, self._settling.popleft()[1])
        return settled

    def mark(self, keys: Iterable[Key]) -> Mapping[ActorRef, int]:
        """Let go of fills that have left the outbox; return how many each sender told of."""
        return self._senders(Event.MARKED, keys)

    def _unknown(self, fills: Iterable[Fill]) -> dict[Key, Fill]:
        unknown = {key_of(fill): fill for fill in fills}
        for known in self._fills.values():
            for key in unknown.keys() & known.keys():
                del unknown[key]
        return unknown

    def _senders(self, event: Event, keys: Iterable[Key]) -> Counter[ActorRef]:
        senders = self._move(event, keys).values()
        return Counter(sender for sender in senders if sender is not None)

    def _move(self, event: Event, keys: Iterable[Key]) -> Mapping[Key, ActorRef | None]:
        """Move fills as the table says; return each with who told of it."""
        before = self._fills[event.before]
        try:
            moved = {key: before.pop(key) for key in keys}
        except KeyError as error:
            raise OutOfStepError(event, error.args[0], self.state_of(error.args[0])) from None
        if event.after is not FillState.UNKNOWN:
            self._fills[event.after].update(moved)
        return moved


class OutOfStepError(Exception):
    """A bug: something is said of a fill that can't happen in its state. It crashes the actor."""

    def __init__(self, event: Event, key: Key, state: FillState) -> None:
        super().__init__(
            f"fill {key} can't be {_words(event)}: it is {_words(state)}, "
            f"not {_words(event.before)}"
        )


def _words(each: FillState | Event) -> str:
    return each.name.lower().replace("_", " ")


def key_of(fill: Fill) -> Key:
    """Return what identifies a fill."""
    return (fill.execution.id, fill.execution.number_of_fills)
