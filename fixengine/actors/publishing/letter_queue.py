"""Dead letters that wait to be written: which are sent next, and what follows from a failure.

A letter that fails holds back the letters behind it in its partition: they would be written, but
their offsets could not be committed before its own. Letters are sent in ever larger windows, and
each window is settled before the next. After a failure they are sent one by one, until it is known
what is at fault: one letter, or the topic.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from fixengine.ports.kafka import Failure, Record
from fixengine.supervision.refs import ActorRef
from fixengine.supervision.retries import Retries
from fixengine.wire.letters import Place
from fixengine.wire.shortening import Measures, next_room, size

MOST = 500
"""Letters that are on their way at a time, at most."""

MOST_BYTES = 2**20
"""Bytes that are on their way at a time, at most, unless one letter alone is larger."""

SLOW_AFTER = 5.0
"""Seconds after which a letter that is on its way counts as one that waits."""

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 5.0
"""Seconds before a letter is sent again, after the first failure and after many."""

_LONGEST_WAIT_ALONE = 30.0
"""Seconds after many failures of a letter that is at fault itself."""


@dataclass(slots=True, kw_only=True, eq=False)
class PendingLetter:
    """A dead letter that is not written yet, and who waits for it to be.

    `original` measures the record as it was read. `room` is how many bytes of it are to be written,
    None for all. `whole` is False while only a part of the record is in memory.
    """

    record: Record
    reason: str
    failed_at: datetime
    reply_to: ActorRef
    original: Measures
    room: int | None = None
    whole: bool = True

    @property
    def place(self) -> Place:
        """Where the record is on the orders topic."""
        return Place(self.record.partition, self.record.offset)

    @property
    def size(self) -> int:
        """How many bytes are to be written."""
        whole = self.original.value + self.original.key if not self.whole else size(self.record)
        return whole if self.room is None else min(self.room, whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A partition waits for a letter that can't be written: why, until when, and the next waits."""

    letter: PendingLetter
    reason: str
    until: float
    retries: Retries


class LetterQueue:
    """Letters by partition, each partition's in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: dict[int, dict[int, PendingLetter]] = {}
        self._on_their_way: dict[Place, PendingLetter] = {}
        self._window = 1
        self._taken, self._taken_at = 0, 0.0
        self._failed: list[tuple[PendingLetter, Failure]] = []
        self._not_before = 0.0
        self._held: dict[int, _Held] = {}
        self._retries = Retries(first=_FIRST_WAIT, cap=_LONGEST_WAIT)
        self._problem: tuple[PendingLetter, str] | None = None

    def __len__(self) -> int:
        """Return how many letters are not written."""
        return sum(map(len, self._waiting.values()))

    def at_rest(self) -> Iterator[PendingLetter]:
        """Yield the letters that are not on their way."""
        waiting = chain.from_iterable(letters.values() for letters in self._waiting.values())
        return (letter for letter in waiting if letter.place not in self._on_their_way)

    def __contains__(self, place: Place) -> bool:
        return place.offset in self._waiting.get(place.partition, {})

    @property
    def under_way(self) -> bool:
        """Whether a window is not settled."""
        return bool(self._on_their_way)

    def problem(self, now: float) -> tuple[PendingLetter, str] | None:
        """Return a letter that can't be written now, and why."""
        held = next(iter(self._held.values()), None)
        known = self._problem or (None if held is None else (held.letter, held.reason))
        if known is None and self._on_their_way and now - self._taken_at > SLOW_AFTER:
            known = next(iter(self._on_their_way.values())), "the broker does not acknowledge it"
        return known

    def add(self, letters: Iterable[PendingLetter]) -> None:
        """Take letters on."""
        for letter in letters:
            place = letter.place
            self._waiting.setdefault(place.partition, {})[place.offset] = letter

    def forget(self, partitions: frozenset[int] | None = None) -> None:
        """Drop what waits of these partitions, or of all."""
        if partitions is None:
            partitions = frozenset(self._waiting)
        for partition in partitions:
            self._waiting.pop(partition, None)
            self._held.pop(partition, None)
        if self._problem is not None and self._problem[0].place.partition in partitions:
            self._problem = None

    def take(self, now: float) -> tuple[PendingLetter, ...]:
        """Return the letters to be sent now. It is empty while some are on their way."""
        if self._on_their_way or now < self._not_before:
            return ()
        window = tuple(self._next(now))
        self._on_their_way = {letter.place: letter for letter in window}
        self._taken, self._taken_at = len(window), now
        return window

    def wait(self, now: float) -> float | None:
        """Return the seconds until a letter is to be sent; None when no letter waits."""
        moments = [self._free_at(partition) for partition in self._waiting]
        return max(min(moments) - now, 0.0) if moments else None

    def written(self, letter: PendingLetter, now: float) -> bool:
        """Take note that a letter is written; return False if it was forgotten meanwhile."""
        place = letter.place
        waited_for = self._waiting.get(place.partition, {}).get(place.offset) is letter
        if waited_for:
            self._let_go(letter)
        self._problem = None
        self._not_before = 0.0
        self._retries.reset()
        self._arrived(place, now)
        return waited_for

    def failed(self, letter: PendingLetter, failure: Failure, now: float) -> None:
        """Take note that a letter is not written, or may not be."""
        self._failed.append((letter, failure))
        self._arrived(letter.place, now)

    def _arrived(self, place: Place, now: float) -> None:
        """Draw the conclusions from a window, once it is known what became of each letter."""
        self._on_their_way.pop(place, None)
        if self._on_their_way:
            return
        failures, self._failed = self._failed, []
        self._window = 1 if failures else min(self._window * 2, MOST)
        if failures and self._taken == 1:  # of several it is found out one by one which it was
            ((letter, failure),) = failures
            smaller = next_room(letter.record, letter.room) if failure.too_large else None
            if smaller is not None:
                letter.room = smaller
            elif letter.place in self:
                self._wait_for(letter, failure, now)

    def _let_go(self, letter: PendingLetter) -> None:
        partition, offset = letter.place
        letters = self._waiting[partition]
        del letters[offset]
        if not letters:
            del self._waiting[partition]
        held = self._held.get(partition)
        if held is not None and held.letter.place == letter.place:
            del self._held[partition]

    def _wait_for(self, letter: PendingLetter, failure: Failure, now: float) -> None:
        partition = letter.place.partition
        # another partition's is tried next
        self._waiting[partition] = self._waiting.pop(partition)
        if failure.of_itself:
            alone = Retries(first=_FIRST_WAIT, cap=_LONGEST_WAIT_ALONE)
            retries = self._held[partition].retries if partition in self._held else alone
            self._held[partition] = _Held(
                letter=letter,
                reason=failure.reason,
                until=now + retries.next_wait(),
                retries=retries,
            )
        else:
            self._not_before = now + self._retries.next_wait()
            self._problem = (letter, failure.reason)

    def _next(self, now: float) -> Iterator[PendingLetter]:
        room, number = MOST_BYTES, 0
        for partition, letters in self._waiting.items():
            if self._free_at(partition) > now:
                continue
            for letter in letters.values():
                if number and (number >= self._window or letter.size > room):
                    break
                yield letter
                number += 1
                room -= letter.size
                if partition in self._held:
                    break  # what is behind it would be written, and could not be committed

    def _free_at(self, partition: int) -> float:
        held = self._held.get(partition)
        return self._not_before if held is None else max(held.until, self._not_before)
