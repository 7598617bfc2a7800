"""A model of intake: two orders in one partition, two engines, crashes and rebalances."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

RECORDS = 2


class Guard(Enum):
    """What intake rests on."""

    COMMIT_AFTER_STORE = auto()
    INSERT_IGNORES_WHAT_IS_THERE = auto()


@dataclass(frozen=True, slots=True)
class Reader:
    """`position` is the next offset to read, None without the partition; `hand` is not stored."""

    position: int | None = None
    hand: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """`committed` is the group's next offset, `rows` the orders stored, as often as they are."""

    faults: int
    readers: tuple[Reader, ...] = (Reader(), Reader())
    committed: int = 0
    rows: tuple[int, ...] = ()


def done(world: World) -> bool:
    """Whether all orders are stored and the group knows."""
    return set(world.rows) == set(range(RECORDS)) and world.committed == RECORDS


def flaw(world: World) -> str | None:
    """Say what must not be, or None."""
    twice = len(set(world.rows)) < len(world.rows)
    return f"orders are stored twice: {world.rows}" if twice else None


def steps(world: World, without: Guard | None = None) -> Iterator[tuple[str, World]]:
    """Yield everything that can happen next."""
    for at, reader in enumerate(world.readers):
        name = "AB"[at]
        if reader.position is None and all(other.position is None for other in world.readers):
            yield f"{name} gets the partition", _with(world, at, position=world.committed)
        if reader.position is not None and reader.position < RECORDS:
            hand = (*reader.hand, reader.position)
            yield f"{name} reads", _with(world, at, position=reader.position + 1, hand=hand)
        if reader.hand:
            new = reader.hand
            if without is not Guard.INSERT_IGNORES_WHAT_IS_THERE:
                new = tuple(sorted(set(new) - set(world.rows)))
            yield f"{name} stores", _with(replace(world, rows=world.rows + new), at, hand=())
        stored = not reader.hand or without is Guard.COMMIT_AFTER_STORE
        if reader.position is not None and stored and world.committed != reader.position:
            yield f"{name} commits", replace(world, committed=reader.position)
        if world.faults:
            fewer = replace(world, faults=world.faults - 1)
            yield f"{name} crashes", _with(fewer, at, position=None, hand=())
            yield f"{name} loses the partition", _with(fewer, at, position=None)


def _with(world: World, at: int, **changes: object) -> World:
    reader = replace(world.readers[at], **changes)  # type: ignore[arg-type]
    return replace(world, readers=(*world.readers[:at], reader, *world.readers[at + 1 :]))
