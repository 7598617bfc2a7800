"""Orders that wait for the database, and that are taken away while they wait."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pykka
import pytest

from fixengine.actors.intake.in_hand import InHand, Moved
from fixengine.actors.intake.storing import LARGEST_GROUP, Storing
from fixengine.actors.messages import StoreOrders
from fixengine.errors import UnavailableError
from fixengine.ports.kafka import Record
from fixengine.rules.halving import Tried
from fixengine.rules.values import Order, TradeType
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef
from fixengine.telemetry.health import Health
from tests.support.clocks import Clock
from tests.support.no_tree import board


class Repository(Actor):
    """Away; or refuses the order with number 3, and then tries but the next one."""

    def __init__(self, *, away: bool) -> None:
        super().__init__()
        self._away = away

    def receive(self, message: StoreOrders) -> Tried:
        if self._away:
            raise UnavailableError("away")
        numbers = [order.id for order, _ in message.orders]
        if 3 not in numbers:
            return Tried(count=len(numbers))
        place = numbers.index(3)
        return Tried(count=min(place + 2, len(numbers)), refused={place: "no threes"})


@pytest.fixture
def away() -> Iterator[ActorRef]:
    ref: pykka.ActorRef[Repository] = Repository.start(away=True)
    yield ref
    ref.stop()


@pytest.fixture
def there() -> Iterator[ActorRef]:
    ref: pykka.ActorRef[Repository] = Repository.start(away=False)
    yield ref
    ref.stop()


def item(number: int, partition: int = 0) -> InHand:
    record = Record(
        topic="orders",
        partition=partition,
        offset=number,
        key=None,
        value=b"",
        headers=(),
        timestamp_ms=None,
    )
    order = Order(
        id=number,
        trade_type=TradeType.BUY,
        destination="ML",
        security_id="68bda020e3644b42ebcb2bd3",
        quantity=Decimal(1),
        limit_price=None,
        received_timestamp=datetime(2026, 7, 28, tzinfo=UTC),
        trade_service_execution_id=None,
        version=1,
    )
    return InHand(record=record, order=order, ticker="A")


def offsets(stored: Moved) -> list[int]:
    return [each.record.offset for each in stored.items]


def test_orders_wait_while_the_database_is_away(away: ActorRef) -> None:
    storing = Storing(away, board(), clock=Clock())
    storing.add([item(1)])
    storing.turn(within=60)
    assert offsets(storing.turn(within=60)) == []
    assert storing.stalled
    assert not storing.under_way  # the next try is not due yet


def test_a_group_is_under_way_while_the_next_is_made_ready(there: ActorRef) -> None:
    storing = Storing(there, board())
    storing.add([item(1)])
    assert offsets(storing.turn(within=60)) == []
    assert storing.under_way
    storing.add([item(2)])
    assert offsets(storing.turn(within=60)) == [1]
    assert storing.under_way
    assert offsets(storing.turn(within=60)) == [2]
    assert not storing.under_way


def test_what_came_in_many_small_groups_is_stored_in_few_large_ones(there: ActorRef) -> None:
    storing = Storing(there, board())
    for number in range(10, 10 + 2 * LARGEST_GROUP):
        storing.add([item(number)])
    storing.turn(within=5)
    sizes = []
    while storing.under_way:
        sizes.append(len(storing.turn(within=60).items))
    assert sizes == [LARGEST_GROUP, LARGEST_GROUP]


def test_what_the_database_has_not_come_to_is_sent_again_before_all_else(there: ActorRef) -> None:
    storing = Storing(there, board())
    storing.add([item(number) for number in range(1, 9)])
    storing.turn(within=60)
    storing.add([item(10)])
    assert [offsets(storing.turn(within=60)) for _ in range(3)] == [[1, 2, 4], [5, 6, 7, 8], [10]]


def test_what_is_refused_is_known_also_when_others_were_taken_away_meanwhile(
    there: ActorRef,
) -> None:
    storing = Storing(there, board())
    storing.add([item(1, partition=4), item(3, partition=5), item(2, partition=5)])
    storing.turn(within=60)
    storing.forget({4})
    stored = storing.turn(within=60)
    assert offsets(stored) == [2]
    assert [each.record.offset for each, _ in stored.refused] == [3]


def test_what_was_taken_away_while_under_way_is_not_handed_back(there: ActorRef) -> None:
    storing = Storing(there, board())
    storing.add([item(1, partition=4), item(2, partition=5)])
    storing.turn(within=60)
    storing.forget({4})
    assert offsets(storing.turn(within=60)) == [2]
    storing.add([item(4, partition=5)])
    storing.turn(within=60)
    storing.forget({5})
    assert not storing.under_way


def test_when_all_that_waited_is_taken_away_nothing_waits_any_more(away: ActorRef) -> None:
    """Else no more would be read, and nothing would ever be tried again."""
    storing = Storing(away, board())
    storing.add([item(1, partition=4)])
    storing.turn(within=60)
    storing.turn(within=60)
    storing.forget({4})
    assert not storing.stalled


def test_what_is_left_of_what_waited_still_waits(away: ActorRef) -> None:
    storing = Storing(away, board())
    storing.add([item(1, partition=4), item(2, partition=5)])
    storing.turn(within=60)
    storing.turn(within=60)
    storing.forget({4})
    assert storing.stalled


def test_the_one_that_is_refused_is_found_among_the_others(there: ActorRef) -> None:
    storing = Storing(there, board())
    storing.add([item(number) for number in range(1, 9)])
    storing.turn(within=60)
    good, bad = [], []
    while storing.under_way:
        stored = storing.turn(within=60)
        good += offsets(stored)
        bad += [(one.record.offset, reason) for one, reason in stored.refused]
    assert good == [1, 2, 4, 5, 6, 7, 8]
    assert bad == [(3, "no threes")]


def held_up(health: Health) -> str:
    """Return what /readyz says of storing."""
    parts = health.ready().body["parts"]
    assert isinstance(parts, dict)
    return str(parts["storing"]["said"])


def test_orders_that_wait_hold_storing_up_and_the_next_intake_begins_well(away: ActorRef) -> None:
    health = board()
    storing = Storing(away, health)
    storing.add([item(1)])
    storing.turn(within=60)
    storing.turn(within=60)
    assert "away" in held_up(health)
    Storing(away, health)
    assert held_up(health) == ""


def test_orders_that_are_taken_away_hold_nothing_up(away: ActorRef) -> None:
    health = board()
    storing = Storing(away, health)
    storing.add([item(1)])
    storing.turn(within=60)
    storing.turn(within=60)
    storing.forget({0})
    assert held_up(health) == ""
