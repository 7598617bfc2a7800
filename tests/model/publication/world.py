"""What the model of publication knows at one moment, what must never be, and what it rests on."""

from enum import Enum, auto
from typing import NamedTuple

FILLS = 2
"""Evaluations until the execution is full."""

# Spans in beats, the model's unit of time. Each stands for one of take_over_times.py; what counts
# is that the last is longer than the others together.
LEASE = 1
STOP = 1
SETTLE = 1
TAKE_OVER_AFTER = LEASE + STOP + SETTLE + 1


class Guard(Enum):
    """What the protocol rests on."""

    ROW_LOCK = auto()
    VERSION = auto()
    STORE_LOOKS_INTO_OUTBOX = auto()
    FILL_AND_OUTBOX_TOGETHER = auto()
    STORE_IN_THE_SESSION_OF_THE_LOCK = auto()
    NEW_NUMBER_FOR_EACH_SESSION = auto()
    LEASE = auto()
    LEASE_BEGINS_BEFORE_THE_COMMIT = auto()
    NOTHING_IS_GIVEN_UP_WITH_A_LEASE = auto()
    STOP_AFTER_THE_LEASE = auto()
    STOP_AFTER_A_REFUSAL = auto()
    FROZEN_FOR_LONG_SENDS_NOTHING = auto()
    OUTBOX_IS_LOOKED_INTO = auto()
    OTHERS_TAKE_OVER = auto()
    TAKE_OVER_WAITS = auto()
    LOOK_BEFORE_SENDING = auto()
    NO_TAKE_OVER_DURING_A_LOOK = auto()
    STILL_OURS_AFTER_THE_LOOK = auto()
    TOLD_AFTER_FOUND_IS_DROPPED = auto()
    REST_AFTER_A_STOP = auto()
    REST_AFTER_A_RESTART = auto()
    WAIT_FOR_A_PRODUCER_THAT_WAS_LEFT = auto()
    MARK_AFTER_ACKNOWLEDGEMENT = auto()


class Ready(NamedTuple):
    """A fill to hand to the producer, `age` beats after the proof that its engine lived.

    It was `told` by the scheduler, or found in the outbox and not on the topic.
    """

    fill: int
    age: int = 0
    told: bool = True


class Message(NamedTuple):
    """A fill in a producer; `stopped`: so many beats after the producer was."""

    fill: int
    arrived: bool = False
    stopped: int | None = None


class Engine(NamedTuple):
    """`number` is that of its last session, `broken` says that it knows that session to be over.

    `snapshot`: a claim has begun to look. `claim`: the version it locked. `unlisted`: a fill that
    is stored and not in the outbox, without that guard. `looked`: a fill that the topic did not
    have when it was looked for. `proof`: beats since the last proof that it lives; None when the
    lease was over for so long that the producer is stopped. `left`: fills in the producer of a
    publisher before. `resting`: beats since that was there.
    """

    number: int | None = None
    broken: bool = False
    frozen: bool = False
    snapshot: bool = False
    claim: int | None = None
    unlisted: int | None = None
    ready: tuple[Ready, ...] = ()
    looked: int | None = None
    messages: tuple[Message, ...] = ()
    proof: int | None = None
    left: tuple[int, ...] = ()
    resting: int | None = None

    @property
    def hands_over(self) -> bool:
        """Whether it has anything that it may send, or its producers do."""
        sending = any(message.stopped is None for message in self.messages)
        return bool(self.ready or self.left or sending or self.unlisted)


class Row(NamedTuple):
    """A row of the outbox."""

    fill: int
    owner: int


class World(NamedTuple):
    """Database, topic, network, engines.

    `held` are the numbers whose lock is held; `ghosts` those among them that no engine uses any
    more, with the version that they claimed; `free`, by number, since how many beats nobody holds
    the others. `adrift` are fills sent by producers that are gone, with the beats since then; None
    if the broker may hold them for ever.
    `faults` may still come.
    """

    engines: tuple[Engine, ...]
    faults: int
    version: int = 0
    ledger: tuple[int, ...] = ()
    outbox: tuple[Row, ...] = ()
    held: frozenset[int] = frozenset()
    ghosts: tuple[tuple[int, int | None], ...] = ()
    free: tuple[tuple[int, int], ...] = ()
    adrift: tuple[tuple[int, int | None], ...] = ()
    topic: tuple[int, ...] = ()

    def put(self, at: int, engine: Engine) -> "World":
        """Return this world with another engine in that place."""
        return self._replace(engines=(*self.engines[:at], engine, *self.engines[at + 1 :]))


def done(world: World) -> bool:
    """Whether everything is filled, published and marked."""
    return world.version == FILLS and not world.outbox and len(world.topic) == FILLS


def flaw(world: World) -> str | None:
    """Say what must not be, or None."""
    if world.ledger != tuple(range(1, len(world.ledger) + 1)):
        return f"the ledger has fills {world.ledger}"
    if len(set(world.topic)) < len(world.topic):
        return f"the topic has fills {world.topic}: one twice"
    if world.topic != tuple(sorted(world.topic)):
        return f"the topic has fills {world.topic}: out of order"
    if not set(world.topic) <= set(world.ledger):
        return f"the topic has fills {world.topic}, the ledger {world.ledger}"
    return None


def mirrored(world: World) -> World:
    """Return the world in which either engine is what the other is in this one."""
    numbers = {1: 2, 2: 1}  # those with which they begin; the others are the same for both
    first, second = (
        engine._replace(number=numbers.get(engine.number or 0, engine.number))
        for engine in world.engines
    )
    return world._replace(
        engines=(second, first),
        outbox=tuple(Row(row.fill, numbers.get(row.owner, row.owner)) for row in world.outbox),
        held=frozenset(numbers.get(number, number) for number in world.held),
        ghosts=tuple((numbers.get(number, number), claim) for number, claim in world.ghosts),
        free=tuple(sorted((numbers.get(number, number), age) for number, age in world.free)),
    )
