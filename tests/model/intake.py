"""A model of intake: two good orders and a bad one in a partition, two engines, the group.

| here | there |
|---|---|
| `position`, `hand` | what Offsets (offsets.py) knows of the partition: next to read, unfinished |
| reads, stores, commits | the arms of Intake._poll (intake.py); an insert ignores what is there |
| hands over, arrives | a dead letter is finished when the broker has acknowledged it |
| loses the partition | a rebalance: what is under way may still be stored, nothing is committed |
"""

from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

RECORDS = 3
BAD = 1


class Guard(Enum):
    """What intake rests on."""

    COMMIT_AFTER_STORE = auto()
    COMMIT_BELOW_THE_OLDEST_UNFINISHED = auto()
    LETTER_IS_ACKNOWLEDGED = auto()
    INSERT_IGNORES_WHAT_IS_THERE = auto()


Steps = Iterator[tuple[str, "World"]]
Without = frozenset[Guard]


class Reader(NamedTuple):
    """`position` is None without the partition; of `hand`, `letters` are with the producer."""

    position: int | None = None
    hand: frozenset[int] = frozenset()
    letters: frozenset[int] = frozenset()


class World(NamedTuple):
    """`committed` is the group's next offset, `rows` the orders stored, as often as they are."""

    faults: int
    readers: tuple[Reader, ...] = (Reader(), Reader())
    committed: int = 0
    rows: tuple[int, ...] = ()
    buried: bool = False

    def put(self, at: int, reader: Reader) -> "World":
        """Return this world with another reader in that place."""
        return self._replace(readers=(*self.readers[:at], reader, *self.readers[at + 1 :]))

    @property
    def final(self) -> set[int]:
        """The records whose fate is final."""
        return {*self.rows, *({BAD} if self.buried else ())}


def done(world: World) -> bool:
    """Whether every record is stored or buried and the group knows."""
    return len(world.final) == RECORDS and world.committed == RECORDS


def flaw(world: World) -> str | None:
    """Say what must not be, or None."""
    if len(set(world.rows)) < len(world.rows):
        return f"orders are stored twice: {world.rows}"
    in_hand = {record for reader in world.readers for record in reader.hand}
    lost = set(range(world.committed)) - world.final - in_hand
    return f"records are lost: {sorted(lost)}" if lost else None


def steps(world: World, without: Without = frozenset()) -> Steps:
    """Yield everything that can happen next without a fault."""
    deserted = all(reader.position is None for reader in world.readers)
    for at, reader in enumerate(world.readers):
        name = "AB"[at]
        position = reader.position
        if deserted:
            yield f"{name} gets the partition", world.put(at, Reader(position=world.committed))
        if position is not None and position < RECORDS:
            more = reader._replace(position=position + 1, hand=reader.hand | {position})
            yield f"{name} reads record {position}", world.put(at, more)
        for record in reader.hand:
            yield from (
                _bury(world, at, reader)
                if record == BAD
                else _store(world, at, reader, record, without)
            )
        if position is not None:
            committed = _committable(world, reader, position, without)
            if committed > world.committed:
                yield f"{name} commits {committed}", world._replace(committed=committed)


def faults(world: World) -> Steps:
    """Yield everything that can go wrong next."""
    for at, reader in enumerate(world.readers if world.faults else ()):
        fewer = world._replace(faults=world.faults - 1)
        if reader != Reader():
            yield f"{'AB'[at]} is killed", fewer.put(at, Reader())
        if reader.position is not None:
            yield f"{'AB'[at]} loses the partition", fewer.put(at, reader._replace(position=None))


def _store(world: World, at: int, reader: Reader, record: int, without: Without) -> Steps:
    again = record in world.rows and Guard.INSERT_IGNORES_WHAT_IS_THERE not in without
    rows = world.rows if again else tuple(sorted((*world.rows, record)))
    finished = reader._replace(hand=reader.hand - {record})
    yield f"{'AB'[at]} stores record {record}", world._replace(rows=rows).put(at, finished)


def _bury(world: World, at: int, reader: Reader) -> Steps:
    name = "AB"[at]
    if BAD not in reader.letters:
        sent = reader._replace(letters=frozenset({BAD}))
        yield f"{name} hands over a dead letter", world.put(at, sent)
    else:
        finished = reader._replace(hand=reader.hand - {BAD}, letters=frozenset())
        arrived = world._replace(buried=True).put(at, finished)
        yield f"the dead letter of {name} arrives, and {name} hears of it", arrived


def _committable(world: World, reader: Reader, position: int, without: Without) -> int:
    unfinished = reader.hand
    if Guard.COMMIT_AFTER_STORE in without:
        unfinished = unfinished & {BAD}
    if Guard.LETTER_IS_ACKNOWLEDGED in without:
        unfinished = unfinished - reader.letters
    if Guard.COMMIT_BELOW_THE_OLDEST_UNFINISHED in without:
        finished = set(range(world.committed, position)) - unfinished
        return max(finished, default=-1) + 1
    return min(unfinished, default=position)
