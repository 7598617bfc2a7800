"""When orders are done: filled, published or buried."""

from collections.abc import Iterable

from fixengine.demo.feed.feed import FedOrder
from fixengine.demo.topics import TopicNames
from fixengine.demo.waiting import wait_until
from tests.support.kafka.letters import read_letters
from tests.support.rows import counting


def wait_until_done(
    orders: Iterable[FedOrder], *, dsn: str, bootstrap: str, topics: TopicNames, seconds: float
) -> None:
    """Wait until all of them that can be filled are, all fills are published, and the bad buried.

    Each of the three may take so many seconds. Orders of others do not count.
    """
    orders = tuple(orders)
    fillable = {
        o.expected.execution_service_id for o in orders if o.expected and o.expected.fillable
    }
    bad = sum(not order.valid for order in orders)
    ids = ", ".join(map(str, sorted(fillable)))
    filled = f"execution where not is_open and execution_service_id = any('{{{ids}}}')"
    with counting(dsn) as count:
        wait_until(lambda: count(filled) == len(fillable), seconds, "all orders to be filled")
        wait_until(lambda: count("outbox") == 0, seconds, "all fills to be published")
    wait_until(
        lambda: len(read_letters(bootstrap, topics.dlq)) >= bad,
        seconds,
        f"{bad} orders to be on the dead-letter topic",
    )
