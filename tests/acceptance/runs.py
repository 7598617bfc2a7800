"""What runs of whole engines have in common: a quick market, and how they are fed and judged."""

from collections.abc import Sequence

from fixengine.demo.audit.report import Expectations, Report, audit
from fixengine.demo.feed.feed import FedOrder
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.stack import Stack
from tests.support import done, rows

FAST = {"FILL_DELAY_FIRST": "0.01", "FILL_DELAY_MIN": "0.05", "FILL_DELAY_MAX": "0.5"}
"""Settings under which an order is FULL within a few seconds."""


def count(stack: Stack, condition: str) -> int:
    return rows.count(stack.postgres.dsn, condition)


def wait_for_more(stack: Stack, condition: str, number: int, seconds: float = 60) -> None:
    rows.wait_for_more(stack.postgres.dsn, condition, number, seconds)


def wait_until_done(stack: Stack, fed: Sequence[FedOrder], seconds: float = 90) -> None:
    """Wait until all that can be filled is, all fills are published and all bad orders buried."""
    done.wait_until_done(
        fed,
        dsn=stack.postgres.dsn,
        bootstrap=stack.broker.bootstrap,
        topics=stack.topics,
        seconds=seconds,
    )


def audited(
    stack: Stack, fed: Sequence[FedOrder], expectations: Expectations | None = None
) -> Report:
    """Return the report of an audit without problems."""
    report = audit(
        fed,
        dsn=stack.postgres.dsn,
        bootstrap=stack.broker.bootstrap,
        topics=stack.topics,
        expectations=expectations,
    )
    assert report.ok, "\n".join((report.summary(), *report.problems[:20]))
    return report


def send(stack: Stack, orders: Sequence[FedOrder]) -> None:
    send_orders(stack.broker.bootstrap, stack.topics.orders, orders)
