"""What an engine does at the database: its session, claims, storing, taking over."""

from collections.abc import Iterator

from tests.model.publication.publisher import proved
from tests.model.publication.world import (
    FILLS,
    TAKE_OVER_AFTER,
    Engine,
    Guard,
    Ready,
    Row,
    World,
)

Steps = Iterator[tuple[str, World]]


def steps(world: World, at: int, engine: Engine, without: frozenset[Guard]) -> Steps:
    """Yield what the engine can do."""
    if engine.broken or engine.number not in world.held:
        yield "connects", _connected(world, at, engine, without)
    if engine.number is None:
        return
    if engine.number in world.held and not engine.broken:
        if engine.proof != 0 and engine.hands_over:
            yield "shows that it lives", proved(world, at, engine)
        yield from _claim(world, at, engine, without)
    yield from _store(world, at, engine, engine.number, without)
    yield from _take_over(world, engine, engine.number, without)


def stored(
    world: World, claim: int, owner: int, without: frozenset[Guard], *, listed: bool = True
) -> World | None:
    """Return the world after the fill that follows on the claimed version; None if refused."""
    if claim != world.version and Guard.VERSION not in without:
        return None
    if world.outbox and Guard.STORE_LOOKS_INTO_OUTBOX not in without:
        return None
    fill = claim + 1
    outbox = (*world.outbox, Row(fill, owner)) if listed else world.outbox
    return world._replace(version=fill, ledger=(*world.ledger, fill), outbox=outbox)


def _connected(world: World, at: int, engine: Engine, without: frozenset[Guard]) -> World:
    """Return the world after open() of claims.py, whose rows follow to the new number.

    An old session of which the server thinks that it stands is a ghost that soon ends.
    """
    before = engine.number
    if before is not None and Guard.NEW_NUMBER_FOR_EACH_SESSION in without:
        ghosts = tuple(ghost for ghost in world.ghosts if ghost[0] != before)
        again = world._replace(held=world.held | {before}, ghosts=ghosts)
        return proved(again, at, engine._replace(broken=False))
    used = {one.number for one in world.engines} | world.held | {row.owner for row in world.outbox}
    number = next(number for number in range(1, 100) if number not in used)
    outbox = tuple(Row(row.fill, number) if row.owner == before else row for row in world.outbox)
    connected = world._replace(held=world.held | {number}, outbox=outbox)
    return proved(connected, at, engine._replace(number=number, broken=False))


def _claim(world: World, at: int, engine: Engine, without: frozenset[Guard]) -> Steps:
    """claim.sql: the snapshot in which the outbox is empty may be older than the row lock."""
    if engine.claim is not None:
        return
    if not engine.snapshot:
        if world.version < FILLS and not world.outbox:
            yield "begins a claim", world.put(at, engine._replace(snapshot=True))
        return
    claims = [one.claim for one in world.engines] + [claim for _, claim in world.ghosts]
    if all(claim is None for claim in claims) or Guard.ROW_LOCK in without:
        claim = world.version if world.version < FILLS else None
        yield "locks the row", world.put(at, engine._replace(snapshot=False, claim=claim))


def _store(world: World, at: int, engine: Engine, number: int, without: frozenset[Guard]) -> Steps:
    if engine.unlisted is not None:
        fill = engine.unlisted
        listed = world._replace(outbox=(*world.outbox, Row(fill, number)))
        told = engine._replace(unlisted=None, ready=(*engine.ready, Ready(fill)))
        yield f"lists fill {fill}", listed.put(at, told)
    if engine.claim is None:
        return
    fill = engine.claim + 1
    together = Guard.FILL_AND_OUTBOX_TOGETHER not in without
    after = stored(world, engine.claim, number, without, listed=together)
    if after is None:
        yield "stores nothing", world.put(at, engine._replace(claim=None))
    elif together:
        told = engine._replace(claim=None, ready=(*engine.ready, Ready(fill)))
        yield f"stores fill {fill}", proved(after, at, told)
    else:
        alone = engine._replace(claim=None, unlisted=fill)
        yield f"stores fill {fill} alone", proved(after, at, alone)


def _take_over(world: World, engine: Engine, number: int, without: frozenset[Guard]) -> Steps:
    """take_over.sql: rows of a number whose lock is free and was for long."""
    if Guard.OTHERS_TAKE_OVER in without:
        return
    if engine.looked is not None and Guard.NO_TAKE_OVER_DURING_A_LOOK not in without:
        return
    free = dict(world.free)
    for row in world.outbox:
        if row.owner == number or row.owner in world.held:
            continue
        if free.get(row.owner, 0) >= TAKE_OVER_AFTER or Guard.TAKE_OVER_WAITS in without:
            outbox = tuple(Row(one.fill, number) if one == row else one for one in world.outbox)
            yield f"takes over fill {row.fill}", world._replace(outbox=outbox)
