"""What is said of a broker that answers, where several things are amiss."""

from fixengine.actors.publishing.broker_watch import BrokerWatch
from fixengine.actors.publishing.deliveries import Delivered, Deliveries
from fixengine.actors.publishing.limits import PublisherLimits
from fixengine.actors.publishing.outgoing import FillToken
from fixengine.ports.kafka import Failure
from tests.support.kafka.broker import Broker
from tests.support.no_tree import board


def test_fills_that_were_refused_and_now_can_not_be_looked_for_wait_for_the_look() -> None:
    """Whoever gave the right to write is not told to do so again, but of the next right."""
    health, sink = board(), Broker()
    watch = BrokerWatch(
        sink=sink,
        deliveries=Deliveries[FillToken](sink),
        health=health,
        fills_topic="fills",
        limits=PublisherLimits(),
    )
    refused = (FillToken((1, 1)), Failure(reason="allow WRITE"))
    watch.heard(Delivered(tokens=(), failures=(refused,)))
    watch.look(blind="")
    assert "allow WRITE" in str(health.ready().body["parts"])
    watch.look(blind="allow READ")
    parts = str(health.ready().body["parts"])
    assert "allow READ" in parts
    assert "WRITE" not in parts
