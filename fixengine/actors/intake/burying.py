"""Records whose dead letters are on their way: which they are, and where there are too many."""

from collections import Counter
from collections.abc import Iterator

from fixengine.actors.intake.in_hand import InHand
from fixengine.wire.letters import Place

ENOUGH_LETTERS = 250
"""Dead letters of a partition that wait at which no more of it is taken."""

ENOUGH_BYTES = 256 * 1024
"""Bytes of them at which no more is taken."""


class Buried:
    """By place. A partition is crowded from too many letters on until half of them are written."""

    def __init__(self) -> None:
        self._items: dict[int, dict[int, tuple[InHand, int]]] = {}
        self._bytes: Counter[int] = Counter()
        self._crowded: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return sum(map(len, self._items.values()))

    def __iter__(self) -> Iterator[Place]:
        return (Place(part, offset) for part, items in self._items.items() for offset in items)

    def add(self, item: InHand, size: int) -> None:
        """Take on a record whose dead letter, so large, is to be written."""
        partition, offset = item.place
        self._items.setdefault(partition, {})[offset] = (item, size)
        self._bytes[partition] += size

    def pop(self, place: Place) -> InHand | None:
        """Let one go whose letter is written; None where it is not waited for any more."""
        item, size = self._items.get(place.partition, {}).pop(place.offset, (None, 0))
        self._bytes[place.partition] -= size
        return item

    def forget(self, partitions: frozenset[int]) -> None:
        """Drop what belongs to another engine now."""
        for partition in partitions:
            self._items.pop(partition, None)
            self._bytes.pop(partition, None)

    def crowded(self) -> frozenset[int]:
        """Return the partitions of which no more is to be taken now."""
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
