"""What becomes of messages when their producer is at its end."""

import pytest

from fixengine.actors.publishing.deliveries import Deliveries, Outgoing
from fixengine.errors import UnavailableError, UnsettledError
from fixengine.ports.kafka import Failure
from tests.support.kafka.broker import Broker


@pytest.fixture
def broker() -> Broker:
    return Broker(lets=0, room=2)


@pytest.fixture
def deliveries(broker: Broker) -> Deliveries[str]:
    """Three messages, of which one waits for room."""
    deliveries = Deliveries[str](broker)
    deliveries.open()
    for token in ("first", "second", "third"):
        deliveries.add(Outgoing(token=token, topic="fills", key=None, value=token.encode()))
    return deliveries


def test_when_one_was_refused_those_under_way_fail_and_those_that_wait_go_on(
    broker: Broker, deliveries: Deliveries[str]
) -> None:
    broker.error = UnsettledError("denied")
    news = deliveries.step(0)
    denied = Failure(reason="denied")
    assert news.failures == (("first", denied), ("second", denied))
    assert news.broken == ""
    broker.error, broker.lets = None, 1
    assert deliveries.step(0).tokens == ("third",)
    assert [value for value, _ in broker.there] == [b"third"]
    assert (broker.opened, broker.closed) == (2, 1)


def test_when_the_producer_can_not_go_on_all_fail(
    broker: Broker, deliveries: Deliveries[str]
) -> None:
    broker.error = UnavailableError("fenced")
    news = deliveries.step(0)
    assert [token for token, _ in news.failures] == ["first", "second", "third"]
    assert news.broken == "fenced"
    assert not deliveries.is_open
