"""The stage of records that can't become executions: they wait until their dead letters are there.

A dead letter may wait for long, and for the topic's sake alone. So a record keeps only what its end
needs, counts as in hand no longer, and holds back only its own partition, once too many wait there.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from fixengine.actors.intake.in_hand import InHand, Moved
from fixengine.actors.intake.taking import Taking
from fixengine.actors.messages import (
    DeadLetter,
    FinishDeadLetters,
    ForgetDeadLetters,
    WriteDeadLetters,
)
from fixengine.recurring import Recurring
from fixengine.supervision.refs import ActorRef, ask, tell
from fixengine.wire.letters import Place
from fixengine.wire.shortening import size

ENOUGH_LETTERS = 250
"""Waiting dead letters of a partition at which no more of it is taken."""

ENOUGH_BYTES = 256 * 1024
"""Bytes of them at which no more is taken."""

_REPLY = 0.1  # seconds that the dead letters' actor may need beyond what it is given


class Burying:
    """Hands records to the dead letters' actor, which tells `reply_to` of those it has written."""

    def __init__(self, dead_letters: ActorRef, *, reply_to: ActorRef, taking: Taking) -> None:
        self._dead_letters = dead_letters
        self._reply_to = reply_to
        self._taking = taking
        self._waiting = Waiting()
        self._bad = Recurring("WARNING", "orders are bad, dead letters are written")

    def __len__(self) -> int:
        """Return how many dead letters are waited for."""
        return len(self._waiting)

    def begin(self) -> None:
        """Let the dead letters of an intake before this one be forgotten: its orders come again."""
        tell(self._dead_letters, ForgetDeadLetters(partitions=None))

    def add(self, refused: Iterable[tuple[InHand, str]]) -> None:
        """Take items on, each with the reason why it is refused."""
        letters: list[DeadLetter] = []
        for item, reason in refused:
            record = item.record
            letters.append(DeadLetter(record=record, reason=reason))
            self._waiting.add(item, size(record))
            item.let_go()
            self._taking.set_aside(record, kept=item.record)
        if not letters:
            return
        first = letters[0]
        self._bad.happened(
            len(letters),
            partition=first.record.partition,
            offset=first.record.offset,
            reason=first.reason,
        )
        message = WriteDeadLetters(letters=tuple(letters), reply_to=self._reply_to)
        tell(self._dead_letters, message)

    def arrived(self, places: tuple[Place, ...]) -> Moved:
        """See which items this ends: the broker has the dead letters of these places."""
        found = map(self._waiting.pop, places)
        return Moved(items=[item for item in found if item is not None])

    def turn(self, *, within: float) -> Moved:
        """Wait for the dead letters, `within` seconds, and see which the broker has."""
        places = tuple(self._waiting)
        if not places or within <= 0:
            return Moved()
        message = FinishDeadLetters(places=places, within=within)
        return self.arrived(ask(self._dead_letters, message, timeout=within + _REPLY))

    def forget(self, partitions: frozenset[int]) -> None:
        """Drop the items of partitions that are gone, and their dead letters with them."""
        self._waiting.forget(partitions)
        tell(self._dead_letters, ForgetDeadLetters(partitions=partitions))

    def crowded(self) -> frozenset[int]:
        """Return the partitions of which no more is to be taken now."""
        return self._waiting.crowded()


class Waiting:
    """Items by place. A partition is crowded from too many on until half of them are gone."""

    def __init__(self) -> None:
        self._items: dict[int, dict[int, tuple[InHand, int]]] = {}
        self._bytes: Counter[int] = Counter()
        self._crowded: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return sum(map(len, self._items.values()))

    def __iter__(self) -> Iterator[Place]:
        return (Place(part, offset) for part, items in self._items.items() for offset in items)

    def add(self, item: InHand, size: int) -> None:
        """Take on an item with a dead letter of so many bytes."""
        partition, offset = item.place
        self._items.setdefault(partition, {})[offset] = (item, size)
        self._bytes[partition] += size

    def pop(self, place: Place) -> InHand | None:
        """Let the item of this place go; return None when none waits there."""
        item, size = self._items.get(place.partition, {}).pop(place.offset, (None, 0))
        self._bytes[place.partition] -= size
        return item

    def forget(self, partitions: frozenset[int]) -> None:
        """Drop the items of these partitions."""
        for partition in partitions:
            self._items.pop(partition, None)
            self._bytes.pop(partition, None)

    def crowded(self) -> frozenset[int]:
        """Return the crowded partitions."""
        self._crowded = frozenset(
            partition
            for partition, items in self._items.items()
            if self._is_crowded(
                items, self._bytes[partition], 2 if partition in self._crowded else 1
            )
        )
        return self._crowded

    @staticmethod
    def _is_crowded(items: dict[int, tuple[InHand, int]], size: int, margin: int) -> bool:
        return len(items) >= ENOUGH_LETTERS // margin or size >= ENOUGH_BYTES // margin
