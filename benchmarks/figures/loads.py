"""Loads that several figures are measured under."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.endless import Endless, endless
from fixengine.demo.feed.feed import orders
from fixengine.demo.stack import Stack
from tests.support.feed.steady import SteadyFeed

EVERY_SECONDS = 10.0
"""Between two evaluations of one execution."""
MANY = 250_000
"""Executions, more than any engine evaluates in that time."""
STEADY_SECONDS = 5.0
"""Until a load is what it will be."""


@contextmanager
def saturated(stack: Stack) -> Iterator[Endless]:
    """Lend an engine that always has something to do."""
    with endless(stack, executions=MANY, every=EVERY_SECONDS) as load:
        time.sleep(EVERY_SECONDS + STEADY_SECONDS)
        yield load


@contextmanager
def incoming_orders(stack: Stack, load: Endless, rate: float) -> Iterator[None]:
    """Let so many orders a second come in."""
    with SteadyFeed(
        orders(seed=2), bootstrap=stack.broker.bootstrap, topic=load.topics.orders, rate=rate
    ):
        yield
