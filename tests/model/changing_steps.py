"""What can happen next in the model of the desk, and what can go wrong."""

from collections.abc import Iterator

from tests.model.changing import (
    LESS,
    Desk,
    Engine,
    Guard,
    Kind,
    Row,
    Session,
    Stage,
    Without,
    World,
)

Steps = Iterator[tuple[str, World]]


def steps(world: World, without: Without = frozenset()) -> Steps:
    """Yield everything that can happen next without a fault."""
    for at, engine in enumerate(world.engines):
        name = "AB"[at]
        if engine.desk is not None:
            yield from _decide(world, at, engine.desk, without)
        elif not world.answered:
            yield f"the client asks {name}", world.put(at, engine._replace(desk=Desk()))
        yield from _fill(world, at)
        yield from _publish(world, at)
        if world.sessions[engine.number] is not Session.HELD:
            new = len(world.sessions)
            again = world.session(new, Session.HELD).put(at, engine._replace(number=new))
            yield f"{name} has a new session", again
    yield from _time(world)


def faults(world: World, without: Without = frozenset()) -> Steps:
    """Yield everything that can go wrong next."""
    for at, engine in enumerate(world.engines if world.faults else ()):
        name, desk = "AB"[at], engine.desk
        fewer = world._replace(faults=world.faults - 1)
        ended = fewer.unlocked(at, desk=False)
        if world.sessions[engine.number] is Session.HELD:
            ended = ended.session(engine.number, Session.FREE)
            fading = desk
            if desk is not None and desk.stage is not Stage.ASKED:
                fading = desk._replace(ended=desk.ended | {engine.number})
            yield f"{name}'s session ends", ended.put(at, engine._replace(claim=None, desk=fading))
        if engine != Engine(engine.number):
            new = len(world.sessions)
            killed = ended.unlocked(at, desk=True).session(new, Session.HELD)
            yield f"{name} is killed", killed.put(at, Engine(new))
        if desk is not None and desk.stage is Stage.LOOKED and not desk.broken:
            broken = engine._replace(desk=desk._replace(broken=True))
            yield (
                f"the session of {name}'s desk ends",
                fewer.unlocked(at, desk=True).put(at, broken),
            )
        if desk is not None and desk.stage is Stage.STORED:
            lost = fewer.put(at, engine._replace(desk=Desk()))
            yield f"{name} does not hear of its commit", lost
            heard = _heard(fewer, at, desk, without)._replace(answered=world.answered)
            yield f"{name} says done, and the client does not hear it", heard


def _fill(world: World, at: int) -> Steps:
    engine, name, row = world.engines[at], "AB"[at], world.row
    claimable = row.is_open and not world.outbox and world.lock is None
    if engine.claim is None and claimable and world.sessions[engine.number] is Session.HELD:
        claimed = world._replace(lock=(at, False)).put(at, engine._replace(claim=row.version))
        yield f"{name} claims", claimed
    if engine.claim is None:
        return
    after = world.unlocked(at, desk=False)
    rest = engine._replace(claim=None)
    if row.version != engine.claim or not row.is_open or world.outbox:
        yield f"{name} may not store its fill", after.put(at, rest)
        return
    number, filled = row.version + 1, row.filled + 1
    told = rest._replace(ready=(*rest.ready, (number, engine.number)))
    stored = after._replace(
        row=row._replace(version=number, filled=filled, is_open=filled < row.quantity),
        ledger=(*world.ledger, (number, "fill")),
        outbox=(*world.outbox, (number, engine.number)),
    )
    yield f"{name} stores fill {number}", stored.put(at, told)


def _publish(world: World, at: int) -> Steps:
    engine, name = world.engines[at], "AB"[at]
    for each in engine.ready[:1]:
        moved = engine._replace(ready=engine.ready[1:], sent=(*engine.sent, each))
        yield (
            f"{name} sends {each[0]}",
            world._replace(topic=(*world.topic, each[0])).put(at, moved),
        )
    for each in engine.sent[:1]:
        left = tuple(row for row in world.outbox if row != each)
        marked = world._replace(outbox=left).put(at, engine._replace(sent=engine.sent[1:]))
        yield f"{name} marks {each[0]}", marked
    if world.sessions[engine.number] is not Session.HELD:
        return
    stored = engine.desk is not None and engine.desk.stage is Stage.STORED
    for number, owner in world.outbox:
        own = owner == engine.number and not stored
        pending = any(number == each for each, _ in (*engine.ready, *engine.sent))
        if pending or not (own or world.sessions[owner] is Session.OVER):
            continue
        rest = tuple(row for row in world.outbox if row != (number, owner))
        if number in world.topic:
            yield f"{name} finds {number} on the topic", world._replace(outbox=rest)
        else:
            ours = (number, engine.number)
            taken = engine._replace(ready=(*engine.ready, ours))
            yield f"{name} takes over {number}", world._replace(outbox=(*rest, ours)).put(at, taken)


def _time(world: World) -> Steps:
    """A session's lock was free for long: what its engine knew of before, it does not send."""
    for number, state in enumerate(world.sessions):
        if state is not Session.FREE:
            continue
        later = world.session(number, Session.OVER)
        for at, engine in enumerate(world.engines):
            desk = engine.desk
            if desk is not None and number in desk.ended:
                desk = desk._replace(late=True)
            ready = tuple(each for each in engine.ready if each[1] != number)
            later = later.put(at, engine._replace(desk=desk, ready=ready))
        yield "time passes", later


def _decide(world: World, at: int, desk: Desk, without: Without) -> Steps:
    name = "AB"[at]
    match desk.stage:
        case Stage.ASKED | Stage.WAITING:
            yield from _look(world, at, desk, without)
        case Stage.LOOKED if desk.known:
            yield f"{name} says done, as before", _answer(world, at, "done")
        case Stage.LOOKED if _refuses(world, desk.row) and Guard.CLOSED_IS_REFUSED not in without:
            yield f"{name} refuses", _answer(world, at, "refused")
        case Stage.LOOKED if desk.unpublished and Guard.WAIT_FOR_THE_LAST_FILL not in without:
            yield f"{name} waits for the last fill", _again(world, at)
        case Stage.LOOKED:
            yield from _store(world, at, desk, without)
        case Stage.STORED:
            yield f"{name} hears of its commit and says done", _heard(world, at, desk, without)


def _look(world: World, at: int, desk: Desk, without: Without) -> Steps:
    engine, name = world.engines[at], "AB"[at]
    early = Guard.LOOK_AFTER_THE_LOCK in without
    if world.lock is not None and Guard.WAIT_FOR_THE_LOCK in without:
        yield f"{name} skips the row and finds nothing", _answer(world, at, "unknown")
        return
    seen = desk._replace(
        row=world.row,
        unpublished=bool(world.outbox),
        known=world.is_changed and Guard.KEY_IS_LOOKED_UP not in without,
    )
    if early and desk.stage is Stage.ASKED:
        waiting = engine._replace(desk=seen._replace(stage=Stage.WAITING))
        yield f"{name} looks at the row and waits for its lock", world.put(at, waiting)
        return
    if Guard.LOCK in without:
        looked = engine._replace(desk=seen._replace(stage=Stage.LOOKED))
        yield f"{name} looks at the row", world.put(at, looked)
    elif world.lock is None:
        looked = engine._replace(desk=(desk if early else seen)._replace(stage=Stage.LOOKED))
        yield f"{name} locks the row", world._replace(lock=(at, True)).put(at, looked)


def _store(world: World, at: int, desk: Desk, without: Without) -> Steps:
    engine, name, row = world.engines[at], "AB"[at], world.row
    if world.lock not in {None, (at, True)}:
        return  # the update waits for whoever has the row
    lost = desk.broken and Guard.STORE_IN_THE_SESSION_OF_THE_LOCK not in without
    held = world.sessions[engine.number] is Session.HELD
    if (
        lost
        or (row.version != desk.row.version and Guard.VERSION not in without)
        or not (row.is_open or Guard.STORE_ONLY_WHAT_IS_OPEN in without)
        or (world.outbox and Guard.STORE_LOOKS_INTO_OUTBOX not in without)
        or not (held or Guard.ENGINE_HOLDS_ITS_LOCK in without)
        or (world.is_changed and Guard.KEY_IS_UNIQUE not in without)
    ):
        yield f"{name} may not store its change", _again(world, at)
        return
    number = desk.row.version + 1
    stored = world.unlocked(at, desk=True)._replace(
        row=_changed(world, desk.row),
        ledger=(*world.ledger, (number, world.kind.value)),
    )
    if Guard.CHANGE_AND_OUTBOX_TOGETHER not in without:
        stored = stored._replace(outbox=(*world.outbox, (number, engine.number)))
    after = desk._replace(stage=Stage.STORED, row=stored.row)
    if Guard.ANSWER_AFTER_THE_COMMIT in without and "done" not in world.told:
        early = world._replace(told=world.told | {"done"}, answered=True)
        yield f"{name} says done, and is about to commit", early
    yield (
        f"{name} stores the {world.kind.value} as {number}",
        stored.put(at, engine._replace(desk=after)),
    )


def _heard(world: World, at: int, desk: Desk, without: Without) -> World:
    """The commit's answer arrives: the publisher is told, and the client."""
    engine, number = world.engines[at], desk.row.version
    ours = (number, engine.number)
    after = _answer(world, at, "done")
    engine = after.engines[at]
    if Guard.CHANGE_AND_OUTBOX_TOGETHER in without:
        after = after._replace(outbox=(*after.outbox, ours))
    owner = next((owner for each, owner in after.outbox if each == number), engine.number)
    fresh = Guard.LEASE_BEGINS_BEFORE_THE_LOCK in without
    if fresh or not desk.late:
        engine = engine._replace(ready=(*engine.ready, (number, owner)))
    return after.put(at, engine)


def _answer(world: World, at: int, what: str) -> World:
    """The desk is done with the request, and the client hears so."""
    after = world.unlocked(at, desk=True)._replace(told=world.told | {what}, answered=True)
    return after.put(at, world.engines[at]._replace(desk=None))


def _again(world: World, at: int) -> World:
    return world.unlocked(at, desk=True).put(at, world.engines[at]._replace(desk=Desk()))


def _refuses(world: World, row: Row) -> bool:
    return not row.is_open or (world.kind is Kind.REPLACE and row.filled > LESS)


def _changed(world: World, row: Row) -> Row:
    if world.kind is Kind.CANCEL:
        return row._replace(version=row.version + 1, is_open=False)
    return row._replace(version=row.version + 1, quantity=LESS, is_open=row.filled < LESS)
