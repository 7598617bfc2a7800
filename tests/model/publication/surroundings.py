"""What happens around the engines: time, the network, the database server, and faults."""

from collections.abc import Iterator

from tests.model.publication.database import stored
from tests.model.publication.publisher import stopped
from tests.model.publication.world import (
    LEASE,
    SETTLE,
    STOP,
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
            if not engine.frozen:
                yield f"{name}'s publisher is restarted", _left(fewer, at, engine)
                gone = _publisher_gone(engine)
                yield f"{name}'s producer can't go on", _adrift(fewer, engine).put(at, gone)
        if any(message.stopped is None for message in engine.messages):
            refused = _refused(fewer, at, engine, without)
            yield f"the broker refuses another execution's fill of {name}", refused


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
    """Forget numbers that are nobody's any more, and proofs on which nothing rests."""
    known = {engine.number for engine in world.engines} | {row.owner for row in world.outbox}
    if any(number not in known for number, _ in world.free):
        world = world._replace(free=tuple(one for one in world.free if one[0] in known))
    for at, engine in enumerate(world.engines):
        if engine.proof is not None and not engine.hands_over:
            world = world.put(at, engine._replace(proof=None))
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
    """Return the world in which the engine's producers are gone."""
    sent = [
        (message.fill, message.stopped or 0) for message in engine.messages if not message.arrived
    ]
    sent += [(fill, 0) for fill in engine.left]
    return world._replace(adrift=(*world.adrift, *sent))


def _left(world: World, at: int, engine: Engine) -> World:
    """Return the world in which the engine has a new publisher; the producer before goes on."""
    unheard = [message for message in engine.messages if not message.arrived]
    left = [message.fill for message in unheard if message.stopped is None]
    sent = [(message.fill, message.stopped) for message in unheard if message.stopped is not None]
    again = _publisher_gone(engine)._replace(left=(*engine.left, *left))
    return world._replace(adrift=(*world.adrift, *sent)).put(at, again)


def _refused(world: World, at: int, engine: Engine, without: frozenset[Guard]) -> World:
    """Return the world in which the engine's producer has a gap in its numbers.

    It would give new ones to what it has no answer for, of which the broker knows nothing.
    """
    if Guard.STOP_AFTER_A_REFUSAL not in without:
        world, engine = stopped(world, engine)
        return world.put(at, engine)
    again = tuple(
        message if message.stopped is not None else message._replace(arrived=False)
        for message in engine.messages
    )
    return world.put(at, engine._replace(messages=again))


def _publisher_gone(engine: Engine) -> Engine:
    return engine._replace(ready=(), looked=None, messages=(), left=(), resting=0)


def _arrivals(world: World) -> Steps:
    for at, engine in enumerate(world.engines):
        for place, message in enumerate(engine.messages):
            # asleep, it sends nothing
            asleep = engine.frozen and engine.proof is None and message.stopped is None
            if not message.arrived and not asleep:
                there = message._replace(arrived=True)
                messages = (*engine.messages[:place], there, *engine.messages[place + 1 :])
                topic = (*world.topic, message.fill)
                arrived = world._replace(topic=topic).put(at, engine._replace(messages=messages))
                yield f"fill {message.fill} of {'AB'[at]} arrives", arrived
        for place, fill in enumerate(engine.left):
            fewer = engine._replace(left=(*engine.left[:place], *engine.left[place + 1 :]))
            arrived = world._replace(topic=(*world.topic, fill)).put(at, fewer)
            yield f"fill {fill} that {'AB'[at]} left arrives", arrived
    for place, (fill, _) in enumerate(world.adrift):
        rest = (*world.adrift[:place], *world.adrift[place + 1 :])
        late = world._replace(adrift=rest, topic=(*world.topic, fill))
        yield f"fill {fill} arrives late", late


def _later(world: World, without: frozenset[Guard]) -> World:
    later = world._replace(
        free=tuple((number, min(age + 1, TAKE_OVER_AFTER)) for number, age in world.free),
        adrift=tuple(
            (fill, None if age is None else age + 1)
            for fill, age in world.adrift
            if age is None or age < SETTLE
        ),
    )
    for at, engine in enumerate(world.engines):
        later = _older(later, at, engine, without)
    return later


def _older(world: World, at: int, engine: Engine, without: frozenset[Guard]) -> World:
    ready, resting, proof = engine.ready, engine.resting, engine.proof
    if Guard.LEASE not in without:
        begun = Guard.LEASE_BEGINS_BEFORE_THE_COMMIT not in without
        ready = tuple(
            one._replace(age=one.age + 1) if begun or not one.told else one
            for one in ready
            if one.age < LEASE
        )
    messages = tuple(
        one if one.stopped is None else one._replace(stopped=min(one.stopped, SETTLE) + 1)
        for one in engine.messages
        if one.arrived or one.stopped is None or one.stopped < SETTLE
    )
    waits = engine.left and Guard.WAIT_FOR_A_PRODUCER_THAT_WAS_LEFT not in without
    if resting is not None and not waits:
        resting = resting + 1 if resting < SETTLE else None
    if proof is not None:
        proof = proof + 1 if proof + 1 < LEASE + STOP else None
    engine = engine._replace(ready=ready, messages=messages, resting=resting, proof=proof)
    stops = Guard.STOP_AFTER_THE_LEASE not in without
    asleep = engine.frozen and Guard.FROZEN_FOR_LONG_SENDS_NOTHING in without
    if proof is None and stops and not asleep:
        world, engine = stopped(world, engine)
    return world.put(at, engine)
