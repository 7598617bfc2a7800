"""A model of claim, store, publish, crash and take-over: one execution, a few engines.

| here | there |
|---|---|
| `snapshot`, `lock` | claim.sql: its snapshot and its row lock are not of one moment |
| `store`, reply lost or not | store_fills.sql and the commit; the publisher is told of it |
| `send` | a fill that was told of, or checked, is handed to the producer within its lease |
| `arrive`, `vanish` | what the producer and the network do with a message, also after a crash |
| `acknowledge`, `mark` | the delivery report; mark_published.sql |
| `check` | a fill found in the outbox is looked for on the topic: tail_check.py |
| `take over`, `reconnect` | take_over.sql; adopt_own.sql, under a new number |

Time is in the order of steps: the leases (leases.py) say that nothing of a number is on its way
any more when others take its fills over, and that is the guard WAIT.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

FILLS = 2
"""Evaluations until the execution is full."""


class Guard(Enum):
    """What the protocol rests on; a model without one must have a flaw."""

    ROW_LOCK_AND_VERSION = auto()
    STORE_LOOKS_INTO_OUTBOX = auto()
    FILL_AND_OUTBOX_TOGETHER = auto()
    LOOK_BEFORE_SENDING = auto()
    WAIT = auto()
    MARK_AFTER_ACKNOWLEDGEMENT = auto()


@dataclass(frozen=True, slots=True)
class Message:
    """A fill handed to a producer under a number. `arrived` ones wait for their delivery report."""

    fill: int
    number: int
    arrived: bool = False


@dataclass(frozen=True, slots=True)
class Engine:
    """`number` is None without a session; `told` are fills to send, with the number of the proof.

    `claim` is the version that was read. `snapshot` says that a claim has begun to look.
    """

    number: int | None = None
    before: int | None = None
    frozen: bool = False
    snapshot: bool = False
    claim: int | None = None
    unlisted: int | None = None
    told: tuple[tuple[int, int], ...] = ()
    messages: tuple[Message, ...] = ()
    acknowledged: tuple[int, ...] = ()

    def has(self, fill: int) -> bool:
        """Whether it knows of this fill, so that a look into the outbox skips it."""
        return (
            fill in self.acknowledged
            or any(fill == told for told, _ in self.told)
            or any(fill == message.fill for message in self.messages)
        )


@dataclass(frozen=True, slots=True)
class World:
    """Database, topic, engines, and what crashed engines had sent. `faults` are still to come."""

    engines: tuple[Engine, ...]
    faults: int
    version: int = 0
    ledger: tuple[int, ...] = ()
    outbox: frozenset[tuple[int, int]] = frozenset()
    adrift: tuple[Message, ...] = ()
    topic: tuple[int, ...] = ()
    numbers: int = 0


def start(*, engines: int = 2, faults: int = 2) -> World:
    """Return the world in which nothing has happened."""
    return World(engines=(Engine(),) * engines, faults=faults)


def done(world: World) -> bool:
    """Whether everything is filled, published and marked."""
    return world.version == FILLS and not world.outbox and len(world.topic) >= FILLS


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


def steps(world: World, without: Guard | None = None) -> Iterator[tuple[str, World]]:
    """Yield everything that can happen next."""
    for at, engine in enumerate(world.engines):
        name = "AB"[at]
        for what, following in _engine_steps(world, at, engine, without):
            yield f"{name} {what}", following
        for what, following in _message_steps(world, at, engine):
            yield f"{name}: {what}", following
        if world.faults:
            for what, following in _faults(world, at, engine):
                yield f"{name} {what}", following
    for message in world.adrift:
        rest = _less(world.adrift, message)
        yield (
            f"fill {message.fill} arrives late",
            replace(world, adrift=rest, topic=(*world.topic, message.fill)),
        )
        yield f"fill {message.fill} is lost on its way", replace(world, adrift=rest)


def _engine_steps(
    world: World, at: int, engine: Engine, without: Guard | None
) -> Iterator[tuple[str, World]]:
    if engine.frozen:
        yield "wakes up", _with(world, at, frozen=False)
        return
    if engine.number is None:
        number = world.numbers + 1
        own = {(fill, number if owner == engine.before else owner) for fill, owner in world.outbox}
        connected = replace(world, numbers=number, outbox=frozenset(own))
        # others now wait from the end of the new number's session on, which is later still
        told = tuple((fill, number) for fill, _ in engine.told)
        messages = tuple(replace(message, number=number) for message in engine.messages)
        yield "connects", _with(connected, at, number=number, told=told, messages=messages)
    else:
        yield from _claims(world, at, engine, without)
        yield from _outbox_steps(world, at, engine, engine.number, without)
    yield from _sends(world, at, engine, without)


def _claims(
    world: World, at: int, engine: Engine, without: Guard | None
) -> Iterator[tuple[str, World]]:
    assert engine.number is not None
    idle = not engine.snapshot and engine.claim is None
    if idle and world.version < FILLS and not world.outbox:
        yield "begins a claim", _with(world, at, snapshot=True)
    locked = any(other.claim is not None for other in world.engines)
    if engine.snapshot and (not locked or without is Guard.ROW_LOCK_AND_VERSION):
        claim = world.version if world.version < FILLS else None
        yield "locks the row", _with(world, at, snapshot=False, claim=claim)
    if engine.claim is None:
        return
    current = engine.claim == world.version or without is Guard.ROW_LOCK_AND_VERSION
    published = not world.outbox or without is Guard.STORE_LOOKS_INTO_OUTBOX
    if not current or not published:
        yield "stores nothing", _with(world, at, claim=None)
        return
    fill = engine.claim + 1
    stored = replace(world, version=fill, ledger=(*world.ledger, fill))
    if without is Guard.FILL_AND_OUTBOX_TOGETHER:
        yield f"stores fill {fill} alone", _with(stored, at, claim=None, unlisted=fill)
        return
    listed = replace(stored, outbox=stored.outbox | {(fill, engine.number)})
    told = (*engine.told, (fill, engine.number))
    yield f"stores fill {fill}", _with(listed, at, claim=None, told=told)
    if world.faults:
        lost = _with(listed, at, claim=None, number=None, before=engine.number)
        yield f"stores fill {fill} and is not told", replace(lost, faults=world.faults - 1)


def _outbox_steps(
    world: World, at: int, engine: Engine, number: int, without: Guard | None
) -> Iterator[tuple[str, World]]:
    if engine.unlisted is not None:
        listed = replace(world, outbox=world.outbox | {(engine.unlisted, number)})
        told = (*engine.told, (engine.unlisted, number))
        yield f"lists fill {engine.unlisted}", _with(listed, at, unlisted=None, told=told)
    for fill, owner in world.outbox:
        if owner == number and not engine.has(fill):
            if fill in world.topic and without is not Guard.LOOK_BEFORE_SENDING:
                found = (*engine.acknowledged, fill)
                yield f"finds fill {fill} on the topic", _with(world, at, acknowledged=found)
            else:
                told = (*engine.told, (fill, number))
                yield f"finds fill {fill} unsent", _with(world, at, told=told)
        if all(other.number != owner for other in world.engines) and (
            without is Guard.WAIT or not _on_its_way(world, owner)
        ):
            mine = world.outbox - {(fill, owner)} | {(fill, number)}
            yield f"takes over fill {fill}", replace(world, outbox=mine)


def _sends(
    world: World, at: int, engine: Engine, without: Guard | None
) -> Iterator[tuple[str, World]]:
    for fill, number in engine.told:
        rest = _less(engine.told, (fill, number))
        messages = (*engine.messages, Message(fill, number))
        sent = _with(world, at, told=rest, messages=messages)
        if without is Guard.MARK_AFTER_ACKNOWLEDGEMENT:
            sent = replace(sent, outbox=frozenset(row for row in sent.outbox if row[0] != fill))
        yield f"sends fill {fill}", sent
        yield f"has waited too long to send fill {fill}", _with(world, at, told=rest)
    for message in engine.messages:
        if message.arrived:
            rest = _less(engine.messages, message)
            acknowledged = (*engine.acknowledged, message.fill)
            yield (
                f"hears that fill {message.fill} arrived",
                _with(world, at, messages=rest, acknowledged=acknowledged),
            )
    for fill in engine.acknowledged:
        outbox = world.outbox - {(fill, engine.number)}
        marked = replace(world, outbox=outbox)
        rest = _less(engine.acknowledged, fill)
        yield f"marks fill {fill}", _with(marked, at, acknowledged=rest)


def _message_steps(world: World, at: int, engine: Engine) -> Iterator[tuple[str, World]]:
    """Yield what happens to messages whatever the engine does; frozen ones still expire."""
    for message in engine.messages:
        rest = _less(engine.messages, message)
        if not message.arrived:
            arrived = replace(world, topic=(*world.topic, message.fill))
            there = (*rest, replace(message, arrived=True))
            yield f"fill {message.fill} arrives", _with(arrived, at, messages=there)
        if world.faults:
            fewer = replace(world, faults=world.faults - 1)
            yield f"fill {message.fill} is given up", _with(fewer, at, messages=rest)


def _faults(world: World, at: int, engine: Engine) -> Iterator[tuple[str, World]]:
    fewer = replace(world, faults=world.faults - 1)
    adrift = tuple(message for message in engine.messages if not message.arrived)
    crashed = replace(fewer, adrift=(*world.adrift, *adrift))
    yield "crashes", _put(crashed, at, Engine())
    if not engine.frozen:
        yield "freezes", _with(fewer, at, frozen=True)
    if engine.number is not None:
        over = {"number": None, "before": engine.number, "snapshot": False, "claim": None}
        yield "loses its session", _with(fewer, at, **over)


def _on_its_way(world: World, number: int) -> bool:
    """Whether anything that was proved or handed over under this number may still arrive."""
    return any(message.number == number for message in world.adrift) or any(
        any(told_number == number for _, told_number in engine.told)
        or any(message.number == number and not message.arrived for message in engine.messages)
        for engine in world.engines
    )


def _with(world: World, at: int, **changes: object) -> World:
    return _put(world, at, replace(world.engines[at], **changes))  # type: ignore[arg-type]


def _put(world: World, at: int, engine: Engine) -> World:
    engines = (*world.engines[:at], engine, *world.engines[at + 1 :])
    return replace(world, engines=engines)


def _less(items: tuple[object, ...], item: object) -> tuple:  # type: ignore[type-arg]
    at = items.index(item)
    return (*items[:at], *items[at + 1 :])
