"""Bad input at scale, through a whole intake on real parts."""

import os
from itertools import islice

from prometheus_client import generate_latest

from fixengine.demo.topics import create_topic
from fixengine.demo.waiting import wait_until
from tests.fuzz.hostile import hostile_records
from tests.fuzz.intake import NO_FILLS, HostileFeed, audit, committed, resident, settled
from tests.support.engines import Surroundings, restarts
from tests.support.rows import PATIENCE

SEED = 20260728
HALF = 10_000
MOST_GROWTH = 24.0
"""MB by which the second half may enlarge the process: less than the half's own bytes."""


def test_every_hostile_record_is_stored_or_buried_once(around: Surroundings) -> None:
    bootstrap, topics = around.broker.bootstrap, around.topics
    create_topic(bootstrap, topics.dlq, partitions=1)
    feed = HostileFeed(hostile_records(SEED), bootstrap=bootstrap, topic=topics.orders)
    sizes: list[float] = []
    with around.engine(FILL_DELAY_FIRST=NO_FILLS) as engine:
        for _ in range(2):
            feed.send(HALF)
            wait_until(
                lambda: committed(bootstrap, topics) == feed.sent,
                PATIENCE,
                "all records to be stored or buried",
            )
            sizes.append(resident(os.getpid()))
        counted = settled(generate_latest(engine.registry))
        assert not any(restarts(engine).values())
    account = audit(
        islice(hostile_records(SEED), 2 * HALF),
        counted=counted,
        dsn=around.dsn,
        bootstrap=bootstrap,
        topics=topics,
    )
    assert account.problems[:20] == []
    assert account.stored > HALF / 2
    assert account.buried > HALF / 2
    assert sizes[1] - sizes[0] < MOST_GROWTH
