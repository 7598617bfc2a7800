"""Which offset of each partition may be committed: that of the oldest unfinished record."""

from collections.abc import Iterable, Mapping


class Offsets:
    """Records in hand, by partition, with their sizes in bytes.

    Records finish in any order, and no commit passes an unfinished one. A record that is set aside
    is unfinished, but no longer counts as in hand. Where a partition's offsets begin anew, it is
    another partition: the records that were in hand of the former hold back no commit.
    """

    def __init__(self) -> None:
        self._unfinished: dict[int, dict[int, tuple[int, object]]] = {}
        self._aside: dict[int, set[int]] = {}
        self._next: dict[int, int] = {}
        self._committed: dict[int, int] = {}

    def __len__(self) -> int:
        """Return how many records are in hand."""
        return sum(map(len, self._unfinished.values())) - sum(map(len, self._aside.values()))

    @property
    def size(self) -> int:
        """How many bytes are in hand."""
        return sum(size for records in self._unfinished.values() for size, _ in records.values())

    def begin(self, partition: int, offset: int, *, size: int = 0, what: object = None) -> None:
        """Take a record in hand; `what` tells it from another that once had its offset."""
        self._go_to(partition, offset)
        self._unfinished.setdefault(partition, {})[offset] = (size, what)
        self._next[partition] = offset + 1

    def reach(self, partition: int, offset: int) -> None:
        """Take note of the next offset to read: there are no records before it."""
        self._go_to(partition, offset)

    def set_aside(
        self, partition: int, offset: int, *, what: object = None, kept: object = None
    ) -> None:
        """Stop counting a record as in hand; do nothing if its partition was taken away.

        From then on `kept`, which is what is left of it, tells it from others.
        """
        if self._has(partition, offset, what):
            self._unfinished[partition][offset] = (0, kept)
            self._aside.setdefault(partition, set()).add(offset)

    def finish(self, partition: int, offset: int, *, what: object = None) -> None:
        """Let a record go; do nothing if its partition was taken away meanwhile."""
        if self._has(partition, offset, what):
            del self._unfinished[partition][offset]
            self._aside.get(partition, set()).discard(offset)

    def committable(self) -> Mapping[int, int]:
        """Return the offset to commit by partition, where it is not the one last `committed`."""
        positions = {
            partition: next(iter(self._unfinished.get(partition, {})), following)
            for partition, following in self._next.items()
        }
        return {
            partition: position
            for partition, position in positions.items()
            if position != self._committed.get(partition)
        }

    def committed(self, positions: Mapping[int, int]) -> None:
        """Take note of the offsets that were handed to the broker."""
        self._committed.update(positions)

    def recommit(self) -> None:
        """Let all offsets be committed again: the broker refused them."""
        self._committed.clear()

    def forget(self, partitions: Iterable[int]) -> None:
        """Drop everything about partitions that now belong to another consumer."""
        for partition in partitions:
            self._unfinished.pop(partition, None)
            self._aside.pop(partition, None)
            self._next.pop(partition, None)
            self._committed.pop(partition, None)

    def _go_to(self, partition: int, offset: int) -> None:
        if offset < self._next.get(partition, 0):
            self._unfinished.pop(partition, None)
            self._aside.pop(partition, None)
            self._committed.pop(partition, None)
        self._next[partition] = offset

    def _has(self, partition: int, offset: int, what: object) -> bool:
        _, found = self._unfinished.get(partition, {}).get(offset, (0, self))
        return found is what
