"""Large records of waiting dead letters: which leave the memory, and how they are read again."""

from collections import deque
from collections.abc import Callable, Iterable
from operator import itemgetter
from time import monotonic

from fixengine.actors.publishing.letter_queue import PendingLetter
from fixengine.errors import UnavailableError
from fixengine.ports.kafka import Originals, TailLook
from fixengine.wire.letters import Place
from fixengine.wire.shortening import measures, shorten, size

LARGE = 256 * 1024
"""Bytes from which a record counts as large. Of small ones intake takes no more than fit."""

KEPT_BYTES = 8 * 2**20
"""Bytes of large records that are kept while they wait. Others are read again in their turn."""

_KEPT_OF_ONE = 4_096
"""Bytes that are kept of each, in case the topic has it no longer when it is read again."""


def save_memory(letters: Iterable[PendingLetter]) -> None:
    """Let go of the largest records, until the large ones that are left fit in KEPT_BYTES."""
    sizes = [(size(letter.record), letter) for letter in letters]
    large = [each for each in sizes if each[0] >= LARGE]
    kept = sum(before for before, _ in large)
    for before, letter in sorted(large, key=itemgetter(0), reverse=True):
        if kept <= KEPT_BYTES:
            return
        letter.record, letter.whole = shorten(letter.record, _KEPT_OF_ONE), False
        kept -= before


class Rereading:
    """Letters on their way to the producer, in their order, each with its whole record.

    If the topic no longer has a record, its letter goes on with the part that was kept.
    """

    def __init__(
        self, originals: Originals, *, within: float, clock: Callable[[], float] = monotonic
    ) -> None:
        """Take who finds records; each has `within` seconds to come."""
        self._originals = originals
        self._within = within
        self._clock = clock
        self._letters: deque[PendingLetter] = deque()
        self._look: TailLook | None = None
        self._until = 0.0

    def __bool__(self) -> bool:
        return bool(self._letters)

    def add(self, letters: Iterable[PendingLetter]) -> None:
        """Take letters on."""
        self._letters.extend(letters)

    def step(self, timeout: float) -> tuple[PendingLetter, ...]:
        """Return the letters that can go on now, waiting `timeout` seconds if none can.

        Raises UnavailableError when the first can't be read now: `give_up` returns it.
        """
        ready: list[PendingLetter] = []
        if self._letters and (self._letters[0].whole or self._read(self._letters[0], timeout)):
            ready.append(self._letters.popleft())
        while self._letters and self._letters[0].whole:
            ready.append(self._letters.popleft())
        return tuple(ready)

    def give_up(self) -> PendingLetter:
        """Let go of the letter that can't be read now."""
        self.close()
        return self._letters.popleft()

    def close(self) -> None:
        """End what is under way. Safe to call twice."""
        look, self._look = self._look, None
        if look is not None:
            look.close()

    def _read(self, letter: PendingLetter, timeout: float) -> bool:
        """Read on; return True when a letter's record was found, or is known to be gone."""
        if self._look is None:
            self._look = self._originals.find(*letter.place)
            self._until = self._clock() + self._within
        records = self._look.read(timeout)
        if records == ():
            if self._clock() > self._until:
                raise UnavailableError(
                    f"it can't be read again: nothing came for {self._within:g} s"
                )
            return False
        self.close()
        for record in records or ():
            place = Place(record.partition, record.offset)
            if place == letter.place and measures(record) == letter.original:
                letter.record, letter.whole = record, True
        return True
