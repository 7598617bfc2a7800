"""A model of a FIX session: a client that orders, an engine, two gateways, and lines that break.

| here | there |
|---|---|
| `lock`, `epoch` | the advisory lock and the row of the session (infra/postgres/fix/sessions.py) |
| logs on | the directory takes the session; client and gateway ask for what each has missed |
| reads, stores, says | a step of the session actor (actors/gateway/session.py) |
| notes | what the engine leaves in `fix_pending` (store_fills.sql) |
| gives up a dead line | the owner lets a session go whose client shows no life |
| freezes | the server ends the connection with the lock; the gateway goes on later |

Only messages of the application have numbers here. Unique indexes are left out: they would hide
what goes wrong without a guard, as the database would refuse it, and the session could not go on.
"""

from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple


class Guard(Enum):
    """What a session rests on."""

    LOCK = auto()
    WRITE_IN_THE_SESSION_OF_THE_LOCK = auto()
    EPOCH = auto()
    STORE_BEFORE_SAYING = auto()
    NUMBER_AND_ORDER_TOGETHER = auto()
    FILL_AND_NOTE_TOGETHER = auto()
    NUMBER_AND_NOTE_TOGETHER = auto()
    GAP_IS_ASKED_FOR = auto()
    SENT_IS_KEPT = auto()
    WHAT_CAME_BEFORE_IS_PASSED_OVER = auto()
    DEAD_LINE_IS_GIVEN_UP = auto()


Steps = Iterator[tuple[str, "World"]]
Without = frozenset[Guard]
Meaning = tuple[str, int]  # "order" or "fill", and which


class Phase(Enum):
    """How far a gateway is with what it has in hand."""

    READ = auto()
    HALF_STORED = auto()
    STORED = auto()


class Hand(NamedTuple):
    """What a gateway stores and says next; it says so before only where a guard is missing."""

    meaning: Meaning
    phase: Phase = Phase.READ
    said: bool = False


class Gateway(NamedTuple):
    """`epoch` is 0 without the session; `early` are orders that wait for those before them.

    `connected`: the connection by which it got the lock is still there.
    """

    epoch: int = 0
    connected: bool = False
    next_in: int = 0
    next_out: int = 0
    early: frozenset[int] = frozenset()
    hand: Hand | None = None


class Line(NamedTuple):
    """The client's connection to a gateway; from order `asked` on it has to send all again."""

    gateway: int
    asked: int | None
    up: tuple[int, ...] = ()
    down: tuple[tuple[int, Meaning], ...] = ()


class World(NamedTuple):
    """`ordered`, `heard`: what the client has sent and been told. All else is in the database.

    `sent` has what each number means, `unnoted` fills that the engine has still to note.
    """

    faults: int
    orders_to_come: int
    ordered: int = 0
    heard: tuple[Meaning, ...] = ()
    line: Line | None = None
    gateways: tuple[Gateway, ...] = (Gateway(), Gateway())
    lock: int | None = None
    epoch: int = 0
    next_in: int = 1
    sent: tuple[tuple[int, Meaning], ...] = ()
    orders: tuple[int, ...] = ()
    fills: frozenset[int] = frozenset()
    unnoted: frozenset[int] = frozenset()
    notes: frozenset[int] = frozenset()

    def put(self, at: int, gateway: Gateway) -> "World":
        """Return this world with another gateway in that place."""
        return self._replace(gateways=(*self.gateways[:at], gateway, *self.gateways[at + 1 :]))


def done(world: World) -> bool:
    """Whether each order has entered, is filled, and its client was told all of it."""
    wanted = set(range(1, world.ordered + 1))
    told = {(what, number) for what in ("order", "fill") for number in wanted}
    return not world.orders_to_come and wanted == set(world.orders) and told == set(world.heard)


def flaw(world: World) -> str | None:
    """Say what must not be, or None."""
    if len(set(world.orders)) < len(world.orders):
        return f"orders have entered twice: {world.orders}"
    meanings = [meaning for _, meaning in world.sent]
    if len(set(meanings)) < len(meanings):
        return f"the same is told under two numbers: {world.sent}"
    if len(dict(world.sent)) < len(world.sent):
        return f"a number has two meanings: {world.sent}"
    unknown = set(enumerate(world.heard, 1)) - set(world.sent)
    return f"the client was told what is not stored: {sorted(unknown)}" if unknown else None


def steps(world: World, without: Without = frozenset()) -> Steps:
    """Yield everything that can happen next without a fault."""
    yield from _of_the_client(world, without)
    yield from _of_the_engine(world, without)
    for at, gateway in enumerate(world.gateways):
        if not gateway.epoch:
            continue
        if gateway.hand is not None:
            yield from _handling(world, at, gateway, gateway.hand, without)
        else:
            yield from _reading(world, at, gateway, without)
        is_dead = world.line is None or world.line.gateway != at
        if is_dead and Guard.DEAD_LINE_IS_GIVEN_UP not in without:
            yield f"{'AB'[at]} gives up a dead line", _let_go(world, at)


def faults(world: World) -> Steps:
    """Yield everything that can go wrong next."""
    if not world.faults:
        return
    fewer = world._replace(faults=world.faults - 1)
    if world.line is not None:
        yield "the line is cut", fewer._replace(line=None)
    if world.unnoted:
        yield "the engine is killed", fewer._replace(unnoted=frozenset())
    for at, gateway in enumerate(world.gateways):
        if gateway.epoch:
            yield f"{'AB'[at]} is killed", _let_go(fewer, at)
        if gateway.connected:
            freed = fewer._replace(lock=None) if world.lock == at else fewer
            yield f"{'AB'[at]} freezes", freed.put(at, gateway._replace(connected=False))


def _of_the_client(world: World, without: Without) -> Steps:
    line = world.line
    if world.orders_to_come:
        number = world.ordered + 1
        more = world._replace(orders_to_come=world.orders_to_come - 1, ordered=number)
        on_line = None if line is None else line._replace(up=(*line.up, number))
        yield f"the client sends order {number}", more._replace(line=on_line)
    if line is None:
        for at in range(len(world.gateways)):
            if world.lock is None or Guard.LOCK in without:
                yield f"the client logs on at {'AB'[at]}", _logged_on(world, at, without)
        return
    if line.asked is not None:
        again = (*line.up, *range(line.asked, world.ordered + 1))
        answered = world._replace(line=line._replace(asked=None, up=again))
        yield "the client sends again what was asked for", answered
    if line.down:
        (number, meaning), *rest = line.down
        heard = world._replace(line=line._replace(down=tuple(rest)))
        if number == len(world.heard) + 1:
            heard = heard._replace(heard=(*world.heard, meaning))
        yield f"the client hears message {number}", heard
    if not world.gateways[line.gateway].connected:
        yield "the client gives the line up", world._replace(line=None)


def _logged_on(world: World, at: int, without: Without) -> World:
    epoch = world.epoch + 1
    is_behind = world.next_in <= world.ordered and Guard.GAP_IS_ASKED_FOR not in without
    missed = [each for each in world.sent if each[0] > len(world.heard)]
    line = Line(
        gateway=at,
        asked=world.next_in if is_behind else None,
        down=() if Guard.SENT_IS_KEPT in without else tuple(missed),
    )
    gateway = Gateway(
        epoch=epoch, connected=True, next_in=world.next_in, next_out=len(world.sent) + 1
    )
    return world._replace(line=line, lock=at, epoch=epoch).put(at, gateway)


def _of_the_engine(world: World, without: Without) -> Steps:
    for number in set(world.orders) - world.fills:
        filled = world._replace(fills=world.fills | {number})
        if Guard.FILL_AND_NOTE_TOGETHER in without:
            filled = filled._replace(unnoted=world.unnoted | {number})
        else:
            filled = filled._replace(notes=world.notes | {number})
        yield f"the engine fills order {number}", filled
    for number in world.unnoted:
        noted = world._replace(unnoted=world.unnoted - {number}, notes=world.notes | {number})
        yield f"the engine notes the fill of order {number}", noted


def _reading(world: World, at: int, gateway: Gateway, without: Without) -> Steps:
    name, line = "AB"[at], world.line
    for number in world.notes:
        taken = gateway._replace(hand=Hand(("fill", number)))
        yield f"{name} reads the note of order {number}", world.put(at, taken)
    if gateway.next_in in gateway.early:
        taken = gateway._replace(
            early=gateway.early - {gateway.next_in}, hand=Hand(("order", gateway.next_in))
        )
        yield f"{name} takes order {gateway.next_in}, which was early", world.put(at, taken)
    elif line is not None and line.gateway == at and line.up:
        number, *rest = line.up
        read = world._replace(line=line._replace(up=tuple(rest)))
        came_before = number < gateway.next_in
        if came_before and Guard.WHAT_CAME_BEFORE_IS_PASSED_OVER not in without:
            yield f"{name} passes over order {number}", read
        elif number > gateway.next_in:
            early = gateway._replace(early=gateway.early | {number})
            yield f"{name} holds order {number}, which is early", read.put(at, early)
        else:
            yield (
                f"{name} reads order {number}",
                read.put(at, gateway._replace(hand=Hand(("order", number)))),
            )


def _handling(world: World, at: int, gateway: Gateway, hand: Hand, without: Without) -> Steps:
    name = "AB"[at]
    what = " ".join(map(str, hand.meaning))
    may_say = hand.phase is Phase.STORED or Guard.STORE_BEFORE_SAYING in without
    if may_say and not hand.said:
        line = world.line
        if line is not None and line.gateway == at:
            line = line._replace(down=(*line.down, (gateway.next_out, hand.meaning)))
        said = gateway._replace(hand=hand._replace(said=True))
        yield f"{name} says {what}", _finished(world._replace(line=line), at, said)
    if hand.phase is not Phase.STORED:
        is_held = gateway.connected or Guard.WRITE_IN_THE_SESSION_OF_THE_LOCK in without
        if is_held and (gateway.epoch == world.epoch or Guard.EPOCH in without):
            yield from _storing(world, at, gateway, hand, without)
        else:
            yield f"{name} can't store {what}, and lets go", _let_go(world, at)


def _storing(world: World, at: int, gateway: Gateway, hand: Hand, without: Without) -> Steps:
    """Store what a number means, and the order or the end of its note: at once, or in two steps."""
    (kind, number), name = hand.meaning, "AB"[at]
    apart = (
        Guard.NUMBER_AND_ORDER_TOGETHER if kind == "order" else Guard.NUMBER_AND_NOTE_TOGETHER
    ) in without
    stored = world
    if hand.phase is Phase.READ:
        next_in = number + 1 if kind == "order" else world.next_in
        sent = (*world.sent, (gateway.next_out, hand.meaning))
        stored = stored._replace(next_in=max(next_in, world.next_in), sent=sent)
    if hand.phase is Phase.HALF_STORED or not apart:
        if kind == "order":
            stored = stored._replace(orders=(*world.orders, number))
        else:
            stored = stored._replace(notes=world.notes - {number})
    is_half = apart and hand.phase is Phase.READ
    after = hand._replace(phase=Phase.HALF_STORED if is_half else Phase.STORED)
    part = "the number of " if is_half else ""
    yield (
        f"{name} stores {part}{kind} {number}",
        _finished(stored, at, gateway._replace(hand=after)),
    )


def _finished(world: World, at: int, gateway: Gateway) -> World:
    """Have the gateway go on to the next message, if this one is stored and said."""
    hand = gateway.hand
    assert hand is not None
    if hand.said and hand.phase is Phase.STORED:
        is_order = hand.meaning[0] == "order"
        gateway = gateway._replace(
            hand=None,
            next_in=max(gateway.next_in, hand.meaning[1] + 1) if is_order else gateway.next_in,
            next_out=gateway.next_out + 1,
        )
    return world.put(at, gateway)


def _let_go(world: World, at: int) -> World:
    """Forget the session, and free its lock; whoever was on the line is cut off."""
    if world.lock == at and world.gateways[at].connected:
        world = world._replace(lock=None)
    if world.line is not None and world.line.gateway == at:
        world = world._replace(line=None)
    return world.put(at, Gateway())
