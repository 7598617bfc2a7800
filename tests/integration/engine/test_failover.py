"""The primary goes, and its standby takes its place: on two real servers, under load."""

from collections.abc import Callable, Iterator
from time import monotonic

import pytest

from fixengine.demo.audit.report import Expectations
from fixengine.demo.feed.feed import orders
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.engine.engine import Engine
from tests.support.engines import Surroundings, part, restarts, wait_until_ready
from tests.support.feed.steady import SteadyFeed
from tests.support.postgres.replicas import Replicas

pytestmark = pytest.mark.any_broker

NOTICED_WITHIN = 5.0
"""Seconds from the demotion until an engine is unready."""

BACK_WITHIN = 30.0
"""Seconds from the promotion until an engine is ready."""

ONCE = Expectations(repeats_allowed=False)


@pytest.fixture
def replicas() -> Iterator[Replicas]:
    with Workspace() as workspace:
        replicas = Replicas(workspace)
        replicas.start()
        yield replicas


@pytest.fixture
def dsn(replicas: Replicas) -> str:
    return replicas.dsn


@pytest.mark.parametrize("fall", [Replicas.freeze, Replicas.demote, Replicas.crash])
def test_the_standby_takes_over_and_nothing_is_lost_or_doubled(
    replicas: Replicas, around: Surroundings, fall: Callable[[Replicas], None]
) -> None:
    """Whether the primary turns read-only in place, comes back as a standby, or is gone."""
    feed = SteadyFeed(
        orders(seed=4), bootstrap=around.broker.bootstrap, topic=around.topics.orders, rate=60
    )
    with around.engine("one") as one, around.engine("two") as two:
        engines = (one, two)
        for engine in engines:
            wait_until_ready(engine)
        with feed as fed:
            around.wait_for_more("fill", 50)
            fall(replicas)
            for engine in engines:
                wait_until_unready(engine)
            replicas.promote()
            around.dsn = replicas.second.dsn
            promoted = monotonic()
            for engine in engines:
                wait_until_ready(engine, promoted + BACK_WITHIN - monotonic())
            before = around.count("fill")
            around.wait_for_more("fill", before + 50)
        around.wait_until_done(tuple(fed.sent))
        for engine in engines:
            assert not any(restarts(engine).values())
    around.assert_the_ledger_holds(tuple(fed.sent), ONCE)


def wait_until_unready(engine: Engine) -> None:
    wait_until(lambda: not engine.health.ready().ok, NOTICED_WITHIN, "the engine to be unready")
    wait_until(lambda: "read-only" in part(engine, "database")["said"], 60, "it to say why")
