"""What an engine's publisher does: find, look, send, hear, mark."""

from collections.abc import Iterator

from tests.model.publication.world import (
    DELIVERY,
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


def _find(world: World, at: int, engine: Engine, without: frozenset[Guard]) -> Steps:
    """outbox_watch.py: a row of its own, while its lock is held, that is not pending."""
    if Guard.OUTBOX_IS_LOOKED_INTO in without:
        return
    if engine.number not in world.held or engine.looked is not None:
        return
    if engine.resting is not None and Guard.REST_AFTER_A_RESTART not in without:
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
        yield f"is to send fill {fill}", world.put(at, rest._replace(ready=ready))
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
        rest = engine._replace(messages=_less(engine.messages, message))
        if message.arrived and engine.number is not None:
            marked = _marked(world, message.fill, engine.number)
            yield f"hears that fill {message.fill} arrived and marks it", marked.put(at, rest)
        patience = DELIVERY + (0 if Guard.REST_AFTER_GIVING_UP in without else SETTLE)
        if message.age > patience:
            adrift = world.adrift
            if not message.arrived and message.age <= DELIVERY + SETTLE:
                adrift = (*adrift, (message.fill, message.age - DELIVERY))
            given_up = world._replace(adrift=adrift).put(at, rest)
            yield f"gives fill {message.fill} up", given_up


def _marked(world: World, fill: int, owner: int) -> World:
    return world._replace(outbox=tuple(row for row in world.outbox if row != (fill, owner)))


def _less(items: tuple, item: object) -> tuple:  # type: ignore[type-arg]
    at = items.index(item)
    return (*items[:at], *items[at + 1 :])
