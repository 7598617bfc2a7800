"""An engine dies by kill -9, or seems to: the next one has its place in the group at once."""

import json
from collections.abc import Iterator
from itertools import islice

import psycopg
import pytest

from fixengine.demo.audit.report import Expectations
from fixengine.demo.engine import Engine
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.stack import Stack
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import FAST, audited, count, send, wait_until_done
from tests.support.stacks import BrokerKind

_SESSION_MS = 600_000
"""The broker waits so long for a dead member: longer than the test."""

# the driver wants the time between polls to be no shorter than the session
_PATIENT = {"session.timeout.ms": _SESSION_MS, "max.poll.interval.ms": _SESSION_MS}
_SETTINGS = {**FAST, "KAFKA_CLIENT_CONFIG": json.dumps(_PATIENT)}
_ONCE = Expectations(repeats_allowed=False)


@pytest.fixture(autouse=True)
def _apache(broker_kind: BrokerKind) -> None:
    if broker_kind is BrokerKind.EMBEDDED:
        pytest.skip("the embedded broker knows no names of members: only Apache Kafka does")


@pytest.fixture
def good() -> Iterator[FedOrder]:
    return (order for order in orders(seed=3) if order.valid)


def test_the_engine_after_a_killed_one_does_not_wait_for_the_dead_members_session(
    stack: Stack, good: Iterator[FedOrder]
) -> None:
    fed = list(islice(good, 20))
    first = stack.engine("first", **_SETTINGS)
    first.start()
    send(stack, fed)
    wait_until(lambda: count(stack, "execution") == 20, 60, "orders to be stored")
    first.kill()
    fed += islice(good, 20)
    send(stack, fed[20:])
    second = stack.engine("second", **_SETTINGS)
    second.start()
    wait_until(lambda: count(stack, "execution") == 40, 120, "more to be stored")
    wait_until_done(stack, fed)
    assert second.terminate() == 0
    audited(stack, fed, _ONCE)


def test_a_frozen_engine_whose_place_another_took_steps_back_and_shares_the_work(
    stack: Stack, good: Iterator[FedOrder]
) -> None:
    fed = list(islice(good, 20))
    first, second = (stack.engine(name, **_SETTINGS) for name in ("first", "second"))
    first.start()
    send(stack, fed)
    wait_until_done(stack, fed)
    first.process.pause()
    end_sessions(stack)
    second.start()
    fed += islice(good, 20)
    send(stack, fed[20:])
    wait_until(lambda: count(stack, "execution") == 40, 120, "the other to have its place")
    first.process.resume()
    wait_until(lambda: shared(first, second), 120, "both to have partitions")
    assert "another engine has taken this one's place" in first.process.log.read_text()
    assert "another engine has taken this one's place" not in second.process.log.read_text()
    fed += islice(good, 20)
    send(stack, fed[40:])
    wait_until_done(stack, fed)
    assert (first.terminate(), second.terminate()) == (0, 0)
    audited(stack, fed, _ONCE)


def end_sessions(stack: Stack) -> None:
    """Do at once what the database does with a frozen engine after 10 s."""
    with psycopg.connect(stack.postgres.dsn, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )


def shared(*engines: Engine) -> bool:
    assigned = [engine.metric("fixengine_assigned_partitions") for engine in engines]
    return all(assigned) and sum(filter(None, assigned)) == 20
