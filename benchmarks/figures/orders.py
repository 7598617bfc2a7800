"""What an order costs that is stored, and one that is passed over as another database's."""

import time
from collections.abc import Iterator
from itertools import islice

import psycopg

from benchmarks.costs import costs
from benchmarks.endless import endless
from benchmarks.figures.figure import Figure, Lend
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.feed.sending import send_orders
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.group import ConsumerGroup
from fixengine.rules.shards import Shard

_ORDERS = 100_000


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Let an engine take in orders, then one of a second database, which has none of them."""
    number = int(_ORDERS * scale)
    first = [each for each in islice(orders(seed=1), 2 * number) if _id(each) % 2]
    for shard, what in ((Shard(1, 1), "an order stored"), (Shard(2, 2), "an order passed over")):
        with (
            lend() as stack,
            endless(stack, executions=0, every=3600, settings={"ORDER_SHARD": str(shard)}) as load,
            psycopg.connect(load.dsn, autocommit=True) as connection,
        ):
            group = ConsumerGroup(
                cluster=Cluster(brokers=stack.broker.bootstrap, client_id="benchmark"),
                name=shard.group(load.topics.group),
                topic=load.topics.orders,
            )
            send_orders(stack.broker.bootstrap, load.topics.orders, first[: number // 10])
            _wait(group, number // 10)
            before = costs(load, connection)
            send_orders(stack.broker.bootstrap, load.topics.orders, first[number // 10 :])
            _wait(group, len(first))
            after = costs(load, connection)
        spent = after.since(before)
        many = len(first) - number // 10
        yield Figure(
            meaning=f"{what}: the engine's CPU", value=1e6 * spent.engine / many, unit="µs"
        )
        yield Figure(
            meaning=f"{what}: the database's CPU", value=1e6 * spent.database / many, unit="µs"
        )
        yield Figure(meaning=f"{what}: WAL", value=spent.wal / many, unit="B")
        yield Figure(
            meaning=f"{what}: transactions", value=1000 * spent.commits / many, unit="a thousand"
        )


def _id(order: FedOrder) -> int:
    assert order.expected is not None
    return order.expected.execution_service_id


def _wait(group: ConsumerGroup, number: int) -> None:
    while sum(group.committed().values()) < number:
        time.sleep(0.5)
