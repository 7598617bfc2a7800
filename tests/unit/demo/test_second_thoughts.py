"""Second thoughts of customers are counted by what became of them."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice

from msgspec.structs import replace

from fixengine.cancelling.rest import Answer, Execution, OperatorRest, Outcome
from fixengine.demo.feed.feed import orders
from fixengine.demo.feed.second_thoughts import SecondThoughts
from fixengine.demo.waiting import wait_until


class Forgetful(OperatorRest):
    """Does what is asked at once, says so only when asked again, and knows a request by its key."""

    def __init__(self) -> None:
        super().__init__("http://nowhere", token=None)
        self.known: dict[tuple[int, str], Mapping[str, object]] = {}
        self.quantity: dict[int, Decimal] = {}

    def executions(self, filters: Sequence[tuple[str, str]]) -> Iterator[Execution]:
        ((_, order_id),) = filters
        yield replace(OPEN, id=int(order_id), quantity=self.quantity.get(int(order_id), Decimal(9)))

    def cancel(self, execution_id: int, *, key: str) -> Answer:
        return self._answer(execution_id, {}, key)

    def replace(self, execution_id: int, terms: Mapping[str, object], *, key: str) -> Answer:
        quantity = terms.get("quantity")
        if isinstance(quantity, Decimal):
            self.quantity[execution_id] = quantity
        return self._answer(execution_id, terms, key)

    def _answer(self, execution_id: int, terms: Mapping[str, object], key: str) -> Answer:
        place = (execution_id, key)
        if place not in self.known:
            self.known[place] = terms
            return Answer(outcome=Outcome.UNKNOWN)
        done = self.known[place] == terms
        return Answer(outcome=Outcome.DONE if done else Outcome.REFUSED)


OPEN = Execution(
    id=1,
    is_open=True,
    execution_status="WORK",
    trade_type="BUY",
    ticker="A",
    quantity=Decimal(9),
    quantity_filled=Decimal(0),
)


def test_a_change_that_is_asked_for_again_is_the_same_and_was_not_too_late() -> None:
    fed = tuple(islice(orders(seed=1), 20))
    thoughts = SecondThoughts([Forgetful()], percent=100, seed=1, within=0.1)
    try:
        for order in fed:
            thoughts.about(order)
        wait_until(lambda: thoughts.nothing_left, 60, "all requests to be answered")
    finally:
        thoughts.close()
    assert thoughts.late == 0
    assert thoughts.cancelled + thoughts.replaced == len(fed)
    assert thoughts.replaced > 5
