"""An engine dies before or after each step that changes something outside; the ledger holds.

Meanwhile operators cancel and change executions: what an engine took to its end is asked of another
with the same key, and every answer is true.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from itertools import chain, islice, repeat

import psycopg
import pytest

from fixengine.demo.engine import Engine
from fixengine.demo.feed.feed import FedOrder
from fixengine.demo.stack import Stack
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import audited, wait_until_done
from tests.failpoints.points import DIED, POINTS, UNLIKE, step_of
from tests.support.feed.mixed import bad_orders, varied_orders
from tests.support.feed.steady import SteadyFeed
from tests.support.operators import SETTINGS as OPERATED
from tests.support.operators import Operators, untrue
from tests.support.stacks import BrokerKind

RATE = 20.0
_CHANGED = 0.2
_LANES = 3
_DEADLINE = 100.0
_SOON = {"session.timeout.ms": 1500, "heartbeat.interval.ms": 150, "group.instance.id": ""}
_SETTINGS = {
    "FILL_DELAY_FIRST": "0.01",
    "FILL_DELAY_MIN": "0.05",
    "FILL_DELAY_MAX": "0.5",
    **OPERATED,
    "KAFKA_CLIENT_CONFIG": json.dumps(_SOON),
}


@pytest.fixture
def group_of(broker_kind: BrokerKind, stack: Stack) -> Callable[[str], str]:
    """The group of an engine by its name.

    The embedded broker may wait without end for a leader that has died. There each engine has a
    group of its own and reads all orders again; the group's place is left to Apache Kafka.
    """
    return lambda name: name if broker_kind is BrokerKind.EMBEDDED else stack.topics.group


def feed() -> Iterator[FedOrder]:
    """Yield orders, every tenth a bad one."""
    good = varied_orders(seed=21, since=datetime.now(UTC))
    bad = bad_orders(seed=21)
    return chain.from_iterable((*islice(good, 9), next(bad)) for _ in repeat(None))


@pytest.fixture
def points(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Those after which each time something else is left; CI takes all on Apache Kafka.

    What is outside before a step is what the one before it has left.
    """
    return POINTS if request.config.getoption("--all-points") else UNLIKE


@pytest.mark.timeout(900)
def test_an_engine_may_die_at_any_point(
    stack: Stack, group_of: Callable[[str], str], points: tuple[str, ...]
) -> None:
    engines: list[Engine] = []

    def death(point: str) -> int:
        engine = stack.engine(
            point,
            program="tests.failpoints",
            FAILPOINT=point,
            KAFKA_CONSUMER_GROUP=group_of(point),
            **_SETTINGS,
        )
        engines.append(engine)
        try:
            return die_at(stack, engine, point)
        finally:
            engines.remove(engine)

    survivor = stack.engine("survivor", KAFKA_CONSUMER_GROUP=group_of("survivor"), **_SETTINGS)
    bootstrap = stack.broker.bootstrap
    operators = Operators(
        lambda: engines or [survivor], dsn=stack.postgres.dsn, share=_CHANGED, seed=21
    )
    with (
        operators,
        SteadyFeed(feed(), bootstrap=bootstrap, topic=stack.topics.orders, rate=RATE) as fed,
        ThreadPoolExecutor(_LANES) as lanes,
    ):
        deaths = {lanes.submit(death, point): point for point in points}
        try:
            for done in as_completed(deaths):
                assert done.result() == DIED, deaths[done]
        finally:
            lanes.shutdown(cancel_futures=True)
        survivor.start()
    wait_until_done(stack, fed.sent)
    assert survivor.terminate(deadline_seconds=10) == 0
    counts = audited(stack, fed.sent).counts
    assert counts.repeated_messages == 0
    assert counts.cancelled > 0
    assert counts.replaced > 0
    assert [*untrue(operators, stack.postgres.dsn)] == []


def die_at(stack: Stack, engine: Engine, point: str) -> int:
    """Run the engine until it dies, and return its exit code."""
    step = step_of(point)
    engine.start(ready_within=None)
    if step.by_heir:
        leave_something(stack, point)
    if step.at_stop:
        wait_until(
            lambda: engine.ready or not engine.process.running, _DEADLINE, f"the one to die {point}"
        )
        engine.process.ask_to_end()
    return engine.process.wait(_DEADLINE)


def leave_something(stack: Stack, point: str) -> None:
    """Put a fill back into the outbox that was published, as if its engine had died then."""
    statement = (
        "insert into outbox (execution_id, fill_number, owner, stored_at) "
        "select execution_id, number, 999999, filled_at from fill "
        "where announced and execution_id not in (select execution_id from outbox) "
        "order by random() limit 1"
    )
    with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
        wait_until(
            lambda: connection.execute(statement.encode()).rowcount,
            _DEADLINE,
            f"a fill to be there for the one to die {point}",
        )
