"""When orders are done: filled, published or buried."""

from collections.abc import Iterable

from fixengine.demo.feed.feed import FedOrder
from fixengine.demo.topics import TopicNames
from tests.support.kafka.letters import read_letters
from tests.support.rows import counting
from tests.support.waiting import wait_for_number


def wait_until_done(
    orders: Iterable[FedOrder], *, dsn: str, bootstrap: str, topics: TopicNames, seconds: float
) -> None:
    """Wait until all of them that can be filled are, all fills are published, and the bad buried.

    None of the three stands still for so many seconds. Orders of others do not count.
    """
    orders = tuple(orders)
    fillable = {
        o.expected.execution_service_id for o in orders if o.expected and o.expected.fillable
    }
    bad = sum(not order.valid for order in orders)
    ids = ", ".join(map(str, sorted(fillable)))
    filled = f"execution where not is_open and execution_service_id = any('{{{ids}}}')"
    with counting(dsn) as count:
        wait_for_number(
            lambda: count(filled),
            lambda rows: rows == len(fillable),
            seconds,
            f"{len(fillable)} filled orders",
        )
        wait_for_number(
            lambda: count("outbox"), lambda rows: rows == 0, seconds, "no fills to publish"
        )
    wait_for_number(
        lambda: len(read_letters(bootstrap, topics.dlq)),
        lambda buried: buried >= bad,
        seconds,
        f"{bad} orders on the dead-letter topic",
    )
