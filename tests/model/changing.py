"""A model of the desk: a request to cancel or replace, in the race with claims of two engines.

| here | there |
|---|---|
| the client asks, and asks again | one request with one key, until it has an answer |
| locks and looks | lock_changing.sql, changing.sql, known_changes.sql |
| stores the change | store_changes.sql with its commit; the answer of the database comes later |
| time passes | a session's lock was free for so long that others take over what it left |

It takes for granted what the model of publication shows of fills: they are stored in the session
of their claim, and a fill that is handed over arrives.
"""

from enum import Enum, auto
from typing import NamedTuple

ORDERED = 2
LESS = 1
"""The quantity that a replace asks for; each fill has a quantity of 1."""


class Guard(Enum):
    """What the desk rests on."""

    LOCK = auto()
    VERSION = auto()
    LOOK_AFTER_THE_LOCK = auto()
    STORE_IN_THE_SESSION_OF_THE_LOCK = auto()
    WAIT_FOR_THE_LOCK = auto()
    CLOSED_IS_REFUSED = auto()
    STORE_ONLY_WHAT_IS_OPEN = auto()
    WAIT_FOR_THE_LAST_FILL = auto()
    STORE_LOOKS_INTO_OUTBOX = auto()
    CHANGE_AND_OUTBOX_TOGETHER = auto()
    ENGINE_HOLDS_ITS_LOCK = auto()
    LEASE_BEGINS_BEFORE_THE_LOCK = auto()
    KEY_IS_LOOKED_UP = auto()
    KEY_IS_UNIQUE = auto()
    ANSWER_AFTER_THE_COMMIT = auto()


Without = frozenset[Guard]


class Kind(Enum):
    """What the client asks for."""

    CANCEL = "cancel"
    REPLACE = "replace"


class Session(Enum):
    """An engine's session: its lock is held, is free, or has been free for long."""

    HELD = auto()
    FREE = auto()
    OVER = auto()


class Row(NamedTuple):
    """The execution's row."""

    version: int = 0
    filled: int = 0
    quantity: int = ORDERED
    is_open: bool = True


class Stage(Enum):
    """How far the desk is with the request."""

    ASKED = auto()
    WAITING = auto()
    LOOKED = auto()
    STORED = auto()


class Desk(NamedTuple):
    """The request in hand. `unpublished` and `known` belong to the look at the row.

    `broken`: the session of the row's lock is. `ended` are the numbers of the engine's sessions
    that ended after the lease began; `late`: one so long ago that the lease is over.
    """

    stage: Stage = Stage.ASKED
    row: Row = Row()
    unpublished: bool = False
    known: bool = False
    broken: bool = False
    ended: frozenset[int] = frozenset()
    late: bool = False


class Engine(NamedTuple):
    """`ready` and `sent` are evaluations to publish and to mark, each with its owner's number."""

    number: int
    claim: int | None = None
    desk: Desk | None = None
    ready: tuple[tuple[int, int], ...] = ()
    sent: tuple[tuple[int, int], ...] = ()


class World(NamedTuple):
    """`lock` says which engine has the row's, and whether its desk does; `told` are the answers."""

    kind: Kind
    faults: int
    engines: tuple[Engine, ...] = (Engine(0), Engine(1))
    sessions: tuple[Session, ...] = (Session.HELD, Session.HELD)
    lock: tuple[int, bool] | None = None
    row: Row = Row()
    ledger: tuple[tuple[int, str], ...] = ()
    outbox: tuple[tuple[int, int], ...] = ()
    topic: tuple[int, ...] = ()
    told: frozenset[str] = frozenset()
    answered: bool = False

    def put(self, at: int, engine: Engine) -> "World":
        """Return this world with another engine in that place."""
        return self._replace(engines=(*self.engines[:at], engine, *self.engines[at + 1 :]))

    def session(self, number: int, state: Session) -> "World":
        """Return this world with a session in that state; a new one when it has none so far."""
        return self._replace(
            sessions=(*self.sessions[:number], state, *self.sessions[number + 1 :])
        )

    def unlocked(self, at: int, *, desk: bool) -> "World":
        """Return this world without the lock of an engine, if it has one."""
        return self._replace(lock=None) if self.lock == (at, desk) else self

    @property
    def is_changed(self) -> bool:
        """Whether the ledger has what the client asks for."""
        return any(what == self.kind.value for _, what in self.ledger)


def mirrored(world: World) -> World:
    """Return the world in which either engine is what the other is in this one."""
    numbers = {0: 1, 1: 0}  # those with which they begin; the others are the same for both

    def owned(each: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        return tuple((evaluation, numbers.get(owner, owner)) for evaluation, owner in each)

    first, second = (
        Engine(
            number=numbers.get(engine.number, engine.number),
            claim=engine.claim,
            desk=engine.desk
            and engine.desk._replace(
                ended=frozenset(numbers.get(number, number) for number in engine.desk.ended)
            ),
            ready=owned(engine.ready),
            sent=owned(engine.sent),
        )
        for engine in world.engines
    )
    return world._replace(
        engines=(second, first),
        sessions=(world.sessions[1], world.sessions[0], *world.sessions[2:]),
        lock=world.lock and (1 - world.lock[0], world.lock[1]),
        outbox=owned(world.outbox),
    )


def done(world: World) -> bool:
    """Whether the client has its answer, the execution is closed, and all of it is published."""
    everything = tuple(number for number, _ in world.ledger)
    closed = not world.row.is_open and not world.outbox
    return world.answered and closed and world.topic == everything


def flaw(world: World) -> str | None:
    """Say what must not be, or None."""
    numbers = tuple(number for number, _ in world.ledger)
    story = " and ".join(what for _, what in world.ledger)
    if story.count(world.kind.value) > 1:
        return f"the request is done twice: the ledger has {story}"
    if numbers != tuple(range(1, len(numbers) + 1)):
        return f"the ledger has evaluations {numbers}: {story}"
    if world.row.filled > world.row.quantity:
        return f"{world.row.filled} are filled of {world.row.quantity}"
    if any(what == "cancel" for _, what in world.ledger[:-1]):
        return f"the ledger has {story}: something after the end"
    if world.kind is Kind.CANCEL and story == "fill and fill and cancel":
        return "an execution that is full is cancelled"
    if len(set(world.topic)) < len(world.topic):
        return f"the topic has evaluations {world.topic}: one twice"
    if world.topic != tuple(sorted(world.topic)):
        return f"the topic has evaluations {world.topic}: out of order"
    return _untrue(world)


def _untrue(world: World) -> str | None:
    if "unknown" in world.told:
        return "the client is told that there is no such execution"
    if "refused" in world.told and world.is_changed:
        return "the client is told of a refusal, and the request is done"
    at_work = any(engine.desk is not None for engine in world.engines)
    if "done" in world.told and not world.is_changed and not at_work:
        return "the client is told that the request is done, and it is not"
    return None
