"""An engine dies before or after each step that changes something outside; the ledger holds."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, islice, repeat
from queue import Empty, SimpleQueue
from threading import Thread

import psycopg
import pytest

from fixengine.demo.engine import Engine
from fixengine.demo.feed import FedOrder, bad_orders, orders
from fixengine.demo.options import BrokerKind
from fixengine.demo.stack import Stack
from fixengine.demo.steady import SteadyFeed
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import audited, wait_until_done
from tests.failpoints.points import DIED, POINTS, step_of

RATE = 40.0
_LANES = 2
_DEADLINE = 45.0
_SOON = {"session.timeout.ms": 1500, "heartbeat.interval.ms": 150}
_SETTINGS = {
    "FILL_DELAY_FIRST": "0.01",
    "FILL_DELAY_MIN": "0.05",
    "FILL_DELAY_MAX": "1.2",
    "KAFKA_CLIENT_CONFIG": json.dumps(_SOON),
}


@pytest.fixture
def stack(broker_kind: BrokerKind) -> Iterator[Stack]:
    with Stack(broker=broker_kind) as stack:
        stack.start()
        stack.create_topic()
        yield stack


@pytest.fixture
def group(broker_kind: BrokerKind, stack: Stack) -> str:
    """The group of the engine that finishes the work.

    The embedded broker may wait without end for a leader that has left; there it is a new group,
    which reads all orders again, and the group's place is left to Apache Kafka.
    """
    return "survivors" if broker_kind is BrokerKind.EMBEDDED else stack.topics.group


def feed() -> Iterator[FedOrder]:
    """Yield orders, every tenth a bad one."""
    good = orders(seed=21, since=datetime.now(UTC), variants=True)
    bad = bad_orders(seed=21)
    return chain.from_iterable((*islice(good, 9), next(bad)) for _ in repeat(None))


@pytest.mark.timeout(400)
def test_an_engine_may_die_at_any_point(stack: Stack, group: str) -> None:
    waiting: SimpleQueue[str] = SimpleQueue()
    for point in POINTS:
        waiting.put(point)
    missed: list[str] = []

    def lane(number: int) -> None:
        while True:
            try:
                point = waiting.get_nowait()
            except Empty:
                return
            engine = stack.engine(
                f"{number}-{point}", program="tests.failpoints", FAILPOINT=point, **_SETTINGS
            )
            if die_at(stack, engine, point) != DIED:
                missed.append(point)

    bootstrap = stack.broker.bootstrap
    with SteadyFeed(feed(), bootstrap=bootstrap, topic=stack.topics.orders, rate=RATE) as fed:
        lanes = [Thread(target=lane, args=(number,)) for number in range(_LANES)]
        for thread in lanes:
            thread.start()
        for thread in lanes:
            thread.join()
    assert not missed, missed
    survivor = stack.engine("survivor", KAFKA_CONSUMER_GROUP=group, **_SETTINGS)
    survivor.start()
    wait_until_done(stack, fed.sent, 60)
    assert survivor.terminate(deadline_seconds=10) == 0
    assert audited(stack, fed.sent).repeated_messages == 0


def die_at(stack: Stack, engine: Engine, point: str) -> int | None:
    """Run the engine until it dies, and return its exit code."""
    step = step_of(point)
    engine.start(ready_within=None)
    if step.by_heir:
        leave_something(stack)
    if step.at_stop:
        wait_until(lambda: engine.ready or not engine.process.running, _DEADLINE, "readiness")
        engine.process.ask_to_end()
    return engine.process.wait(_DEADLINE)


def leave_something(stack: Stack) -> None:
    """Put a fill back into the outbox that was published, as if its engine had died then."""
    statement = (
        "insert into outbox (execution_id, fill_number, owner, stored_at) "
        "select execution_id, number, 999999, filled_at from fill "
        "where announced and execution_id not in (select execution_id from outbox) "
        "order by random() limit 1"
    )
    with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
        wait_until(
            lambda: connection.execute(statement.encode()).rowcount, _DEADLINE, "a fill to be there"
        )
