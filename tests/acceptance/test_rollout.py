"""Engines come and go as a Deployment makes them, under load, and nobody notices."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise
from time import time

import psycopg
import pytest

from fixengine.demo.audit.report import Expectations
from fixengine.demo.engine import Engine
from fixengine.demo.stack import Stack
from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from tests.acceptance.runs import FAST, audited, wait_for_more, wait_until_done
from tests.support.feed.mixed import varied_orders
from tests.support.feed.steady import SteadyFeed
from tests.support.stacks import BrokerKind

RATE = 20.0
"""Orders a second; each makes about three fills."""

PARTITIONS = 20

LONGEST_GAP = 5.0
"""Seconds without a fill on the topic, and without an order stored."""

_TERMINATION_SECONDS = 10.0


class Deployment:
    """Starts engines one by one, each when the one before is ready, and ends the oldest.

    With `settle` a step also waits until all partitions are shared out again.
    """

    def __init__(self, stack: Stack, terminations: ThreadPoolExecutor, *, settle: bool) -> None:
        self._stack = stack
        self._settle = settle
        self._terminations = terminations
        self._started = 0
        self._pods: list[Engine] = []
        self._endings: list[Future[int | None]] = []

    def scale(self, replicas: int) -> None:
        """Start, or end with SIGTERM, as many as it takes."""
        while len(self._pods) < replicas:
            self._started += 1
            pod = self._stack.engine(f"pod-{self._started}", **FAST)
            pod.start()
            self._pods.append(pod)
            self._settled()
        while len(self._pods) > replicas:
            self._end(self._pods[0])

    def roll(self) -> None:
        """Replace every engine: one more is started, and when it is ready, an old one goes.

        As in a cluster, what goes on its way out is not waited for.
        """
        replicas = len(self._pods)
        for _ in range(replicas):
            self.scale(replicas + 1)
            self._end(self._pods[0])

    def exit_codes(self) -> list[int | None]:
        """Wait for those that were ended."""
        return [ending.result(60) for ending in self._endings]

    def _end(self, pod: Engine) -> None:
        self._pods.remove(pod)
        ending = self._terminations.submit(pod.terminate, deadline_seconds=_TERMINATION_SECONDS)
        self._endings.append(ending)
        self._settled()

    def _settled(self) -> None:
        if self._settle and self._pods:
            wait_until(self._shared_out, 60, "the partitions to be shared out")

    def _shared_out(self) -> bool:
        shares = [pod.metric("fixengine_assigned_partitions") or 0 for pod in self._pods]
        return sum(shares) == PARTITIONS and max(shares) - min(shares) <= 1


@pytest.fixture
def settle(broker_kind: BrokerKind) -> bool:
    """Whether to let the group settle after each step, and to take fewer of them.

    The embedded broker waits without end for a leader of the group that left while it regrouped.
    """
    return broker_kind is BrokerKind.EMBEDDED


def test_a_rolling_update_and_scaling_up_and_down_are_not_noticed(
    stack: Stack, settle: bool
) -> None:
    """Nothing is lost, doubled or repeated, and orders and fills keep flowing."""
    feed = varied_orders(seed=7, since=datetime.now(UTC))
    broker, topics = stack.broker, stack.topics
    with ThreadPoolExecutor() as terminations:
        deployment = Deployment(stack, terminations, settle=settle)
        deployment.scale(2 if settle else 4)
        with SteadyFeed(feed, bootstrap=broker.bootstrap, topic=topics.orders, rate=RATE) as fed:
            wait_for_more(stack, "fill", 100)
            began = time()
            deployment.roll()
            deployment.scale(3 if settle else 6)
            deployment.scale(1)
            ended = time()
        wait_until_done(stack, fed.sent)
        deployment.scale(0)
        assert set(deployment.exit_codes()) == {0}
    audited(stack, fed.sent, Expectations(repeats_allowed=False))
    published = [record.timestamp_ms or 0 for record in read_topic(broker.bootstrap, topics.fills)]
    assert longest_gap(began, (ms / 1000 for ms in published), ended) < LONGEST_GAP
    assert longest_gap(began, stored_at(stack), ended) < LONGEST_GAP


def stored_at(stack: Stack) -> list[float]:
    """Return when orders were stored, in seconds since the epoch."""
    with psycopg.connect(stack.postgres.dsn) as connection:
        rows = connection.execute("select extract(epoch from sent_timestamp) from execution")
        return [float(row[0]) for row in rows]


def longest_gap(began: float, events: Iterable[float], ended: float) -> float:
    """Return the longest time without an event between `began` and `ended`, in seconds."""
    inside = sorted(moment for moment in events if began < moment < ended)
    return max(after - before for before, after in pairwise((began, *inside, ended)))
