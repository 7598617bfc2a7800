"""The audit of the topic of orders: each is stored or buried, and each letter is one of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from math import inf
from operator import itemgetter

from fixengine.audit.cases import encode, place_of, unpacked_record
from fixengine.audit.databases import of_order
from fixengine.audit.evidence import Source
from fixengine.audit.judge import Judge
from fixengine.audit.letters import letter_problems, named_place
from fixengine.audit.meaning import meaning_of
from fixengine.audit.sorter import Sorter
from fixengine.audit.topic import CLOCKS, Topic
from fixengine.audit.verdict import Contradiction, Kind
from fixengine.infra.kafka.tail import Beginning
from fixengine.ports.kafka import Record
from fixengine.wire.letters import Place

_CLOCKS_MS = int(CLOCKS.total_seconds() * 1000)


class Orders:
    """First the letters are read, then the orders; what they ask for is in `sources` then."""

    def __init__(
        self,
        *,
        judge: Judge,
        topic: Topic,
        letters: Topic,
        committed: Sequence[Mapping[int, int]],
        ledger_since: datetime | None,
        since: datetime | None,
        until: datetime | None,
    ) -> None:
        """Take the parts; below `committed`, of each database's group, all is stored or buried.

        Letters of orders that were sent before `since`, or not before `until`, are not judged.
        """
        self.sources = Sorter()
        self._judge = judge
        self._topic = topic
        self._letters_topic = letters
        self._committed = committed
        self._earliest = 0 if ledger_since is None else ledger_since.timestamp() * 1000
        self._first = -inf if since is None else since.timestamp() * 1000
        self._limit = inf if until is None else until.timestamp() * 1000
        self._letters = Sorter()

    def close(self) -> None:
        """Let go of what was put aside. Safe to call twice."""
        self.sources.close()
        self._letters.close()

    def read_letters(self) -> Iterator[Contradiction]:
        """Put letters in the order of the places that they name."""
        for record in self._letters_topic.records(self._letters_topic.beginnings()):
            place = named_place(record)
            if place is not None:
                self._letters.add(_packed(place), encode(record))
            elif self._covers(record):
                self._judge.counts.dead_letters += 1
                yield from self._problems(record, None)

    def read(self) -> Iterator[Contradiction]:
        """Read the orders, partition by partition, each with its letters."""
        letters = _Letters(self._letters)
        letters_since = self._letters_topic.kept_since
        if letters_since is not None:  # orders from before may have letters that are gone
            self._earliest = max(self._earliest, letters_since.timestamp() * 1000)
        beginnings = self._topic.beginnings()
        first: dict[int, Record] = {}
        for record in self._topic.records(beginnings, in_turn=True):
            first.setdefault(record.partition, record)
            place = Place(record.partition, record.offset)
            yield from self._without_orders(letters.before(place), first, beginnings)
            yield from self._order(record, place, [*letters.at(place)])
        yield from self._without_orders(letters.rest(), first, beginnings)

    def _order(
        self, record: Record, place: Place, letters: list[Record]
    ) -> Iterator[Contradiction]:
        if self._covers(record):
            self._judge.counts.dead_letters += len(letters)
        letters = [letter for letter in letters if not self._is_of_another(letter, record)]
        if self._covers(record):
            self._judge.counts.repeated_dead_letters += max(len(letters) - 1, 0)
            for letter in letters:
                yield from self._problems(letter, record)
        expected = meaning_of(record.value)
        settled = self._is_settled(
            record, None if expected is None else expected.execution_service_id
        )
        if expected is not None:
            source = Source(expected=expected, place=place, buried=bool(letters), settled=settled)
            self.sources.add(place_of(expected.execution_service_id), encode(source))
        elif letters:
            pass
        elif settled:
            said = f"the record {place} on {record.topic} is no order, and has no dead letter"
            yield self._judge.found(Kind.LOST, said, orders=(place,))
        else:
            self._judge.counts.waiting_orders += 1

    def _is_settled(self, record: Record, order: int | None) -> bool:
        committed = of_order(self._committed, order)
        written = record.timestamp_ms or 0
        return (
            record.offset < committed.get(record.partition, 0)
            and written >= self._earliest
            and written < self._limit
        )

    def _covers(self, record: Record) -> bool:
        return self._first <= (record.timestamp_ms or 0) < self._limit

    def _is_of_another(self, letter: Record, record: Record) -> bool:
        """Say whether a letter is older than the record at its place: the topic was made anew.

        Clocks may be wrong: a letter that fits the record is its own.
        """
        is_of_another = _is_older(letter, record) and any(letter_problems(letter, record))
        self._judge.counts.letters_without_orders += is_of_another
        return is_of_another

    def _without_orders(
        self,
        letters: Iterable[Record],
        first: Mapping[int, Record],
        beginnings: Mapping[int, Beginning],
    ) -> Iterator[Contradiction]:
        """Judge letters whose place has no record: it may be gone, or never have been there."""
        for letter in letters:
            place = named_place(letter)
            assert place is not None
            if not self._covers(letter):
                continue
            self._judge.counts.dead_letters += 1
            if self._may_be_gone(letter, place, first, beginnings):
                self._judge.counts.letters_without_orders += 1
            else:
                yield from self._problems(letter, None)

    def _may_be_gone(
        self,
        letter: Record,
        place: Place,
        first: Mapping[int, Record],
        beginnings: Mapping[int, Beginning],
    ) -> bool:
        beginning = beginnings.get(place.partition)
        if beginning is None:
            return False
        earliest = first.get(place.partition)
        return place.offset < beginning.offset or earliest is None or _is_older(letter, earliest)

    def _problems(self, letter: Record, source: Record | None) -> Iterator[Contradiction]:
        at = Place(letter.partition, letter.offset)
        named = named_place(letter)
        for problem in letter_problems(letter, source):
            yield self._judge.found(
                Kind.LETTER, problem, letters=(at,), orders=() if named is None else (named,)
            )


class _Letters:
    """Letters in the order of the places that they name, taken one place after the other."""

    def __init__(self, letters: Sorter) -> None:
        self._groups = groupby(letters, itemgetter(0))
        self._next = next(self._groups, None)

    def before(self, place: Place) -> Iterator[Record]:
        """Yield those of earlier places that have not been taken."""
        limit = _packed(place)
        while self._next is not None and self._next[0] < limit:
            yield from self._take()

    def at(self, place: Place) -> Iterator[Record]:
        """Yield those of one place."""
        if self._next is not None and self._next[0] == _packed(place):
            yield from self._take()

    def rest(self) -> Iterator[Record]:
        """Yield all that have not been taken."""
        while self._next is not None:
            yield from self._take()

    def _take(self) -> Iterator[Record]:
        assert self._next is not None
        taken = [unpacked_record(packed) for _, packed in self._next[1]]
        self._next = next(self._groups, None)
        return iter(taken)


def _packed(place: Place) -> bytes:
    return place.partition.to_bytes(8) + place.offset.to_bytes(8)


def _is_older(letter: Record, record: Record) -> bool:
    if letter.timestamp_ms is None or record.timestamp_ms is None:
        return False
    return letter.timestamp_ms < record.timestamp_ms - _CLOCKS_MS
