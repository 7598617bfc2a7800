"""What happens around the engines: time, the network, the database server, and faults."""

from collections.abc import Iterator

from tests.model.publication.database import stored
from tests.model.publication.world import (
    DELIVERY,
    LEASE,
    SETTLE,
    TAKE_OVER_AFTER,
    Engine,
    Guard,
    World,
)

Steps = Iterator[tuple[str, World]]


def steps(world: World, without: frozenset[Guard]) -> Steps:
    """Yield what happens by itself."""
    later = _later(world, without)
    if later != world:
        yield "time passes", later
    yield from _arrivals(world)
    for number, claim in world.ghosts:
        rest = world._replace(ghosts=tuple(one for one in world.ghosts if one[0] != number))
        yield "the server ends a forgotten session", ended(rest, number)
        if claim is not None:
            after = stored(rest, claim, number, without)
            if after is not None:
                after = after._replace(ghosts=(*after.ghosts, (number, None)))
                yield f"the server still stores fill {claim + 1} of a forgotten session", after


def faults(world: World, without: frozenset[Guard]) -> Steps:
    """Yield what may go wrong, as long as there are faults left."""
    if not world.faults:
        return
    fewer = world._replace(faults=world.faults - 1)
    for at, engine in enumerate(world.engines):
        name = "AB"[at]
        if engine.number in world.held and not engine.broken:
            cut = engine._replace(broken=True, snapshot=False, claim=None)
            yield f"{name} is cut off from its session", _haunted(fewer, engine).put(at, cut)
            if not engine.frozen:
                yield f"{name}'s session ends", _session_ends(fewer, at, engine, without)
        if not engine.frozen:
            yield f"{name} freezes", fewer.put(at, engine._replace(frozen=True))
        if engine != Engine():
            yield f"{name} is killed", _haunted(_adrift(fewer, engine), engine).put(at, Engine())
            again = Engine(
                number=engine.number, broken=engine.broken, frozen=engine.frozen, resting=0
            )
            if not engine.frozen:
                yield f"{name}'s publisher is restarted", _adrift(fewer, engine).put(at, again)


def frozen_steps(world: World, at: int, engine: Engine, without: frozenset[Guard]) -> Steps:
    """Yield what happens to a frozen engine."""
    yield "wakes up", world.put(at, engine._replace(frozen=False))
    if engine.number in world.held and not engine.broken:
        yield "is silent, its session ends", _session_ends(world, at, engine, without)


def ended(world: World, number: int) -> World:
    """Return the world in which nobody holds that number's lock."""
    free = {number: 0, **dict(world.free)}
    return world._replace(held=world.held - {number}, free=tuple(sorted(free.items())))


def tidy(world: World) -> World:
    """Forget numbers that are nobody's any more."""
    known = {engine.number for engine in world.engines} | {row.owner for row in world.outbox}
    if any(number not in known for number, _ in world.free):
        return world._replace(free=tuple(one for one in world.free if one[0] in known))
    return world


def _session_ends(world: World, at: int, engine: Engine, without: frozenset[Guard]) -> World:
    assert engine.number is not None
    over = engine._replace(snapshot=False, claim=None)
    if Guard.STORE_IN_THE_SESSION_OF_THE_LOCK in without:
        over = engine
    return ended(world, engine.number).put(at, over)


def _haunted(world: World, engine: Engine) -> World:
    """Return the world in which the server does not know yet that the engine's session is over."""
    if engine.number not in world.held or engine.broken:
        return world
    return world._replace(ghosts=(*world.ghosts, (engine.number, engine.claim)))


def _adrift(world: World, engine: Engine) -> World:
    sent = [
        (message.fill, max(message.age - DELIVERY, 0))
        for message in engine.messages
        if not message.arrived
    ]
    return world._replace(adrift=(*world.adrift, *sent))


def _arrivals(world: World) -> Steps:
    for at, engine in enumerate(world.engines):
        for place, message in enumerate(engine.messages):
            if not message.arrived:
                there = message._replace(arrived=True)
                messages = (*engine.messages[:place], there, *engine.messages[place + 1 :])
                topic = (*world.topic, message.fill)
                arrived = world._replace(topic=topic).put(at, engine._replace(messages=messages))
                yield f"fill {message.fill} of {'AB'[at]} arrives", arrived
    for place, (fill, _) in enumerate(world.adrift):
        rest = (*world.adrift[:place], *world.adrift[place + 1 :])
        late = world._replace(adrift=rest, topic=(*world.topic, fill))
        yield f"fill {fill} arrives late", late


def _later(world: World, without: frozenset[Guard]) -> World:
    return world._replace(
        engines=tuple(_older(engine, without) for engine in world.engines),
        free=tuple((number, min(age + 1, TAKE_OVER_AFTER)) for number, age in world.free),
        adrift=tuple((fill, age + 1) for fill, age in world.adrift if age < SETTLE),
    )


def _older(engine: Engine, without: frozenset[Guard]) -> Engine:
    ready, messages, resting = engine.ready, engine.messages, engine.resting
    if Guard.LEASE not in without:
        begun = Guard.LEASE_BEGINS_BEFORE_THE_COMMIT not in without
        ready = tuple(
            one._replace(age=one.age + 1) if begun or not one.told else one
            for one in ready
            if one.age < LEASE
        )
    if Guard.DELIVERY not in without:
        end = DELIVERY + SETTLE
        messages = tuple(
            one._replace(age=min(one.age, end) + 1)
            for one in messages
            if one.arrived or one.age < end
        )
    if resting is not None:
        resting = resting + 1 if resting < SETTLE else None
    return engine._replace(ready=ready, messages=messages, resting=resting)
