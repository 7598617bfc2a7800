"""The only engine dies by kill -9: the next one has its place in the group at once."""

import json
from itertools import islice

import pytest

from fixengine.demo.audit.report import Expectations
from fixengine.demo.feed.feed import orders
from fixengine.demo.stack import Stack
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import FAST, audited, count, send, wait_until_done
from tests.support.stacks import BrokerKind

_SESSION_MS = 600_000
"""The broker waits so long for a dead member: longer than the test."""


def test_the_engine_after_a_killed_one_does_not_wait_for_the_dead_members_session(
    stack: Stack, broker_kind: BrokerKind
) -> None:
    if broker_kind is BrokerKind.EMBEDDED:
        pytest.skip("the embedded broker knows no names of members: only Apache Kafka does")
    # the driver wants the time between polls to be no shorter than the session
    patient = {"session.timeout.ms": _SESSION_MS, "max.poll.interval.ms": _SESSION_MS}
    config = {**FAST, "KAFKA_CLIENT_CONFIG": json.dumps(patient)}
    good = (order for order in orders(seed=3) if order.valid)
    fed = list(islice(good, 20))
    first = stack.engine("first", **config)
    first.start()
    send(stack, fed)
    wait_until(lambda: count(stack, "execution") == 20, 60, "orders to be stored")
    first.kill()
    fed += islice(good, 20)
    send(stack, fed[20:])
    second = stack.engine("second", **config)
    second.start()
    wait_until(lambda: count(stack, "execution") == 40, 120, "more to be stored")
    wait_until_done(stack, fed)
    assert second.terminate() == 0
    audited(stack, fed, Expectations(repeats_allowed=False))
