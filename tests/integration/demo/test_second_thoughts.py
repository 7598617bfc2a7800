"""The order generator cancels and changes a share of its orders while an engine fills them."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import pytest

from fixengine.cancelling.rest import OperatorRest
from fixengine.demo.feed.feed import orders
from fixengine.demo.feed.second_thoughts import SecondThoughts
from fixengine.demo.waiting import wait_until
from fixengine.engine.engine import Engine
from fixengine.errors import ConflictError
from tests.support.engines import Surroundings, wait_until_ready

pytestmark = pytest.mark.any_broker

TOKEN = "a-token-for-operators"


@contextmanager
def second_thoughts(
    engine: Engine, *, percent: float, token: str = TOKEN
) -> Iterator[SecondThoughts]:
    rest = OperatorRest(f"http://127.0.0.1:{engine._rest.port}", token=token)
    thoughts = SecondThoughts([rest], percent=percent, seed=1, within=2.0)
    try:
        yield thoughts
    finally:
        thoughts.close()


def test_what_was_asked_for_is_counted_and_the_ledger_holds(around: Surroundings) -> None:
    fed = tuple(islice(orders(seed=1), 80))
    with around.engine(OPERATOR_TOKEN=TOKEN, FILL_DELAY_FIRST="0.5", FILL_DELAY_MAX="1") as engine:
        wait_until_ready(engine)
        with second_thoughts(engine, percent=100) as thoughts:
            for order in fed:  # before they are sent: an order that is not there yet is waited for
                thoughts.about(order)
            around.send(*fed)
            wait_until(lambda: thoughts.nothing_left, 60, "all requests to be answered")
            around.wait_until_done(fed)
        assert thoughts.cancelled == around.count("change where kind = 'CANCEL'") > 0
        assert thoughts.replaced == around.count("change where kind = 'REPLACE'") > 0
        assert thoughts.cancelled + thoughts.replaced + thoughts.late == len(fed)
    around.assert_the_ledger_holds(fed)


def test_only_so_many_change_and_always_the_same(around: Surroundings) -> None:
    drawn = []
    with around.engine(OPERATOR_TOKEN=TOKEN) as engine:
        wait_until_ready(engine)
        for _ in range(2):
            with second_thoughts(engine, percent=20) as thoughts:
                thoughts.close()  # nobody takes away what is drawn
                for order in islice(orders(seed=1), 200):
                    thoughts.about(order)
                drawn.append([order_id for _, order_id in thoughts._given])
        with second_thoughts(engine, percent=0) as thoughts:
            for order in islice(orders(seed=1), 200):
                thoughts.about(order)
            assert thoughts.nothing_left
    assert drawn[0] == drawn[1]
    assert 20 < len(drawn[0]) < 60


def test_what_ends_it_is_raised_where_it_is_waited_for(around: Surroundings) -> None:
    fed = tuple(islice(orders(seed=1), 1))
    with around.engine(OPERATOR_TOKEN=TOKEN, FILL_DELAY_FIRST="3600") as engine:
        wait_until_ready(engine)
        with second_thoughts(engine, percent=100, token="another-token-of-somebody") as thoughts:
            around.send(*fed)
            thoughts.about(*fed)
            with pytest.raises(ConflictError, match="OPERATOR_TOKEN"):
                wait_until(lambda: thoughts.nothing_left, 60, "the refusal")
