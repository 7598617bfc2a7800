"""Orders by FIX that may not wait, filled by a real engine: once, and what is left ends."""

import psycopg
import pytest

from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from fixengine.rules.values import TimeInForce
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.fix.by_hand import order_by_fix

ORDERS = 60


@pytest.mark.parametrize(
    ("time_in_force", "statuses"),
    [
        (TimeInForce.IOC, {"FULL", "CPART", "CNCLD"}),
        (TimeInForce.FOK, {"FULL", "CNCLD"}),
    ],
)
def test_what_may_not_wait_is_filled_once_and_its_client_is_told_all_of_it(
    around: Surroundings, time_in_force: TimeInForce, statuses: set[str]
) -> None:
    # of the draws of this seed some fill all, some a part, some nothing
    with around.engine(FILL_SEED="1", FILL_DELAY_MIN="600", FILL_DELAY_MAX="600") as engine:
        wait_until_ready(engine)
        order_by_fix(around.dsn, ORDERS, time_in_force)
        around.wait_for("execution where not is_open", ORDERS)
    with psycopg.connect(around.dsn) as connection:
        found = connection.execute("select distinct execution_status from execution").fetchall()
        evaluations = connection.execute(
            "select f.execution_id, f.number from fill as f "
            "left join change as c using (execution_id, number) "
            "where f.quantity > 0 or c.kind = 'EXPIRE'"
        ).fetchall()
        told = connection.execute("select execution_id, number from fix_pending").fetchall()
        parts = "fill as f where f.quantity > 0 and f.number > 1"
    assert {status for (status,) in found} == statuses
    assert sorted(told) == sorted(evaluations)
    assert around.count(parts) == 0
    assert around.count("outbox") == 0
    assert read_topic(around.broker.bootstrap, around.topics.fills) == ()
    around.assert_the_ledger_holds(())


def test_fills_of_orders_by_fix_are_published_where_that_is_wanted(around: Surroundings) -> None:
    with around.engine(FILL_SEED="1", FIX_ANNOUNCE="true") as engine:
        wait_until_ready(engine)
        order_by_fix(around.dsn, ORDERS, TimeInForce.IOC)
        around.wait_for("execution where not is_open", ORDERS)
        wait_until(lambda: not around.count("outbox"), 60, "all to be published")
    assert around.count("fill where announced") == len(
        read_topic(around.broker.bootstrap, around.topics.fills)
    )
    around.assert_the_ledger_holds(())
