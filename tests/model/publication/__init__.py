"""A model of claim, store, publish, crash and take-over: one execution, two engines, and time.

`database` has what an engine does there: it connects (`open` of claims.py, adopt_own.sql), begins
a claim and locks the row (claim.sql: its snapshot and its lock are not of one moment), stores
(store_fills.sql and the commit), takes over (take_over.sql, take_over.py).

`publisher` has the way to the topic: a fill that was told of is sent (deliveries.py); one that is
found in the outbox is looked for on the topic (outbox_watch.py, tail_check.py) and sent if a second
page of the outbox, which proves that the lock is held, still has it; a delivery report leads to the
mark (mark_published.sql). An engine that lives gives no message up, however long it takes, unless
the broker refuses another (sink.py). One that had no proof for LEASE stops its producer
(producers.py). Either lets a fill go when its message has settled (pending.py). A publisher
that is started anew leaves a producer that goes on.

`surroundings` has the rest: messages arrive, also late (sink.py, network, broker); a
connection breaks unseen and the server finishes what it was asked, so that a commit's reply is
lost; an engine freezes and the server ends its silent session; time passes in beats, of which each
span of take_over_times.py is one; engines are killed, publishers restarted, fills refused,
producers come to an end.

An execution's rows, lock and messages are its own, so that one execution is enough. Where the
model is less exact than the program it can do more: a message may arrive at any time until it has
settled, others know at once since when a lock is free, a look reads the topic when it begins.

It takes for granted what docs/guarantees.md names as known limits. What a stopped producer had
under way has settled in time. Whoever looks sees what has arrived. An engine that was frozen for
longer than its lease stops its producer when it wakes up, before it sends anything. The last is a
guard here, FROZEN_FOR_LONG_SENDS_NOTHING, so that the search shows that nobody else repeats one.
"""

from collections.abc import Iterator

from tests.model.publication import database, publisher, surroundings
from tests.model.publication.world import FILLS, Engine, Guard, World


def start(*, faults: int, fills: int = FILLS) -> World:
    """Return the world in which two engines are connected and so many fills are still to come."""
    before = tuple(range(1, FILLS - fills + 1))
    return World(
        engines=(Engine(number=1), Engine(number=2)),
        held=frozenset({1, 2}),
        faults=faults,
        version=len(before),
        ledger=before,
        topic=before,
    )


def steps(world: World, without: frozenset[Guard] = frozenset()) -> Iterator[tuple[str, World]]:
    """Yield everything that can happen next without a fault."""
    for at, engine in enumerate(world.engines):
        parts = (surroundings.frozen_steps,) if engine.frozen else (database.steps, publisher.steps)
        for part in parts:
            for what, following in part(world, at, engine, without):
                yield f"{'AB'[at]} {what}", surroundings.tidy(following)
    for what, following in surroundings.steps(world, without):
        yield what, surroundings.tidy(following)


def faults(world: World, without: frozenset[Guard] = frozenset()) -> Iterator[tuple[str, World]]:
    """Yield everything that can go wrong next."""
    for what, following in surroundings.faults(world, without):
        yield what, surroundings.tidy(following)
