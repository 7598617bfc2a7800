"""Fills between their storage and the moment they have left the outbox."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import TypeAlias

from cachetools import LRUCache

from fixengine.rules.leases import SETTLE
from fixengine.rules.values import Fill
from fixengine.supervision.refs import ActorRef

Key: TypeAlias = tuple[int, int]
"""Execution id and fill number."""

_FOUND_REMEMBERED = 10_000


class PendingFills:
    """Sees to it that no fill is taken on twice.

    A fill is either told of by whoever stored it, or found in the outbox. One that was found is
    remembered, because the message that tells of it may still be on its way.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._pending: dict[Key, ActorRef | None] = {}
        self._failed: deque[tuple[float, tuple[Key, ...]]] = deque()
        self._given_up: Counter[ActorRef] = Counter()
        self._found: LRUCache[Key, None] = LRUCache(_FOUND_REMEMBERED)
        self.acknowledged: list[Key] = []

    def __len__(self) -> int:
        """Return how many fills are on their way or not marked as published yet."""
        return len(self._pending)

    def told(self, fills: Sequence[Fill], reply_to: ActorRef) -> list[Fill]:
        """Take on fills that were told of; return those that had not been found before."""
        news = [fill for fill in fills if key_of(fill) not in self._found]
        self._pending.update((key_of(fill), reply_to) for fill in news)
        return news

    def found(self, fills: Iterable[Fill]) -> list[Fill]:
        """Take on fills of the outbox; return those that are not pending already."""
        news = [fill for fill in fills if key_of(fill) not in self._pending]
        for fill in news:
            self._found[key_of(fill)] = None
            self._pending[key_of(fill)] = None
        return news

    def fail(self, keys: Iterable[Key]) -> None:
        """Give up fills whose messages failed, but only when those can't arrive any more."""
        self._failed.append((self._clock() + SETTLE, tuple(keys)))

    def give_up(self, keys: Iterable[Key]) -> None:
        """Let go of fills that did not get through: they are to be found again.

        Who told of them is to make no more as long as `released` does not say so.
        """
        senders = [self._pending.pop(key, None) for key in keys]
        self._given_up.update(sender for sender in senders if sender is not None)

    def released(self) -> Mapping[ActorRef, int]:
        """Return, once, how many of each sender's fills were given up; call it now and then."""
        while self._failed and self._failed[0][0] <= self._clock():
            self.give_up(self._failed.popleft()[1])
        given_up, self._given_up = self._given_up, Counter()
        return given_up

    def marked(self) -> Mapping[ActorRef, int]:
        """Let go of what is acknowledged; return how many of them each sender told of."""
        senders = [self._pending.pop(key, None) for key in self.acknowledged]
        self.acknowledged.clear()
        return Counter(sender for sender in senders if sender is not None)


def key_of(fill: Fill) -> Key:
    """Return what identifies a fill."""
    return (fill.execution.id, fill.execution.number_of_fills)
