"""How long orders wait after the only engine died by kill -9, and another was started at once."""

import json
import time
from collections.abc import Iterator, Mapping
from itertools import islice

import psycopg

from benchmarks.endless import endless
from benchmarks.figures.figure import Figure, Lend
from benchmarks.figures.loads import EVERY_SECONDS
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.stack import Stack
from fixengine.demo.waiting import wait_until

_ORDERS = 20


def measure(lend: Lend, _scale: float) -> Iterator[Figure]:
    """Measure from the kill to the first order stored, with and without names in the group.

    Where the broker knows no names the two are the same.
    """
    good = (order for order in orders(seed=1) if order.valid)
    with lend() as stack:
        named = _killed(stack, good, {})
        unnamed = _killed(stack, good, {"group.instance.id": ""})
    meaning = "kill -9 to the first order stored"
    yield Figure(meaning=meaning, value=named, unit="s", limit=4)
    yield Figure(meaning=f"{meaning}, by a member without a name", value=unnamed, unit="s")


def _killed(stack: Stack, good: Iterator[FedOrder], client_config: Mapping[str, str]) -> float:
    # not the broker's settings for tests, under which a session is shorter than in production
    with (
        endless(
            stack,
            executions=1,
            every=EVERY_SECONDS,
            first=3600,
            settings={"KAFKA_CLIENT_CONFIG": json.dumps(client_config)},
        ) as load,
        psycopg.connect(load.dsn, autocommit=True) as connection,
    ):

        def send() -> None:
            send_orders(stack.broker.bootstrap, load.topics.orders, [*islice(good, _ORDERS)])

        def stored() -> int:
            row = connection.execute("select count(*) - 1 from execution").fetchone()
            assert row is not None
            return int(row[0])

        send()
        wait_until(lambda: stored() == _ORDERS, 60, "orders to be stored")
        load.engine.kill()
        began = time.monotonic()
        load.engine.start(ready_within=None)
        send()
        wait_until(lambda: stored() > _ORDERS, 60, "an order to be stored after the kill")
        return time.monotonic() - began
