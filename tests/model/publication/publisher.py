"""What an engine's publisher does: find, look, send, hear, mark."""

from collections.abc import Iterator

from tests.model.publication.world import (
    SETTLE,
    Engine,
    Guard,
    Message,
    Ready,
    Row,
    World,
)

Steps = Iterator[tuple[str, World]]


def steps(world: World, at: int, engine: Engine, without: frozenset[Guard]) -> Steps:
    """Yield what the publisher can do."""
    yield from _find(world, at, engine, without)
    yield from _conclude(world, at, engine, without)
    yield from _send(world, at, engine, without)
    yield from _hear(world, at, engine, without)


def stopped(world: World, engine: Engine) -> tuple[World, Engine]:
    """Stop the engine's producers: they send nothing more, what is under way still travels."""
    messages = tuple(
        message._replace(stopped=0) if message.stopped is None else message
        for message in engine.messages
    )
    adrift = (*world.adrift, *((fill, 0) for fill in engine.left))
    resting = 0 if engine.left else engine.resting
    return (
        world._replace(adrift=adrift),
        engine._replace(messages=messages, left=(), resting=resting),
    )


def proved(world: World, at: int, engine: Engine) -> World:
    """Return the world after a statement in the engine's session, which renews its lease."""
    if engine.proof is None:
        world, engine = stopped(world, engine)
    return world.put(at, engine._replace(proof=0))


def _find(world: World, at: int, engine: Engine, without: frozenset[Guard]) -> Steps:
    """outbox_watch.py: a row of its own, while its lock is held, that is not pending."""
    if Guard.OUTBOX_IS_LOOKED_INTO in without:
        return
    if engine.number not in world.held or engine.looked is not None:
        return
    if engine.resting is not None and Guard.REST_AFTER_A_RESTART not in without:
        return
    if engine.left and Guard.WAIT_FOR_A_PRODUCER_THAT_WAS_LEFT not in without:
        return
    pending = {message.fill for message in engine.messages}
    pending |= {ready.fill for ready in engine.ready if not ready.told}
    for row in world.outbox:
        if row.owner != engine.number or row.fill in pending:
            continue
        finder = engine
        if Guard.TOLD_AFTER_FOUND_IS_DROPPED not in without:
            ready = tuple(ready for ready in engine.ready if ready.fill != row.fill)
            finder = engine._replace(ready=ready)
        if row.fill in world.topic and Guard.LOOK_BEFORE_SENDING not in without:
            yield (
                f"finds fill {row.fill} on the topic and marks it",
                _marked(world, row.fill, row.owner).put(at, finder),
            )
        else:
            looked = finder._replace(looked=row.fill)
            yield f"does not find fill {row.fill} on the topic", world.put(at, looked)


def _conclude(world: World, at: int, engine: Engine, without: frozenset[Guard]) -> Steps:
    """What the topic does not have is sent if it still is a row of ours: a proof of life too."""
    if engine.looked is None or engine.number is None:
        return
    fill, rest = engine.looked, engine._replace(looked=None)
    ours = engine.number in world.held and Row(fill, engine.number) in world.outbox
    if ours or Guard.STILL_OURS_AFTER_THE_LOOK in without:
        ready = (*engine.ready, Ready(fill, told=False))
        yield f"is to send fill {fill}", proved(world, at, rest._replace(ready=ready))
    else:
        yield f"leaves fill {fill}", world.put(at, rest)


def _send(world: World, at: int, engine: Engine, without: frozenset[Guard]) -> Steps:
    """deliveries.py: what is ready is handed to the producer; too late, it is not any more."""
    for ready in engine.ready:
        rest = _less(engine.ready, ready)
        message = Message(ready.fill)
        sent = engine._replace(ready=rest, messages=(*engine.messages, message))
        after = world
        if Guard.MARK_AFTER_ACKNOWLEDGEMENT in without and engine.number is not None:
            after = _marked(world, ready.fill, engine.number)
        yield f"sends fill {ready.fill}", after.put(at, sent)


def _hear(world: World, at: int, engine: Engine, without: frozenset[Guard]) -> Steps:
    """A delivery report; mark_published.sql, or the fill is given up and found again."""
    for message in engine.messages:
        fill, stopped = message.fill, message.stopped
        rest = engine._replace(messages=_less(engine.messages, message))
        if stopped is None:
            if message.arrived and engine.number is not None:
                marked = _marked(world, fill, engine.number)
                yield f"hears that fill {fill} arrived and marks it", marked.put(at, rest)
            elif Guard.NOTHING_IS_GIVEN_UP_WITH_A_LEASE in without:
                adrift = (*world.adrift, (fill, None))
                yield f"gives fill {fill} up", world._replace(adrift=adrift).put(at, rest)
        elif stopped > SETTLE or Guard.REST_AFTER_A_STOP in without:
            adrift = world.adrift
            if not message.arrived and stopped <= SETTLE:
                adrift = (*adrift, (fill, stopped))
            yield f"lets fill {fill} go", world._replace(adrift=adrift).put(at, rest)


def _marked(world: World, fill: int, owner: int) -> World:
    return world._replace(outbox=tuple(row for row in world.outbox if row != (fill, owner)))


def _less(items: tuple, item: object) -> tuple:  # type: ignore[type-arg]
    at = items.index(item)
    return (*items[:at], *items[at + 1 :])
