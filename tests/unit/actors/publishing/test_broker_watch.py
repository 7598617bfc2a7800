"""What is said of a broker that answers, where several things are amiss."""

from fixengine.actors.publishing.broker_watch import BrokerWatch
from fixengine.actors.publishing.deliveries import Deliveries
from fixengine.actors.publishing.outgoing import FillToken
from fixengine.infra.kafka.sink import KafkaSink
from fixengine.ports.kafka import Failure
from tests.support.clusters import NOWHERE
from tests.support.no_tree import board


def test_fills_that_were_refused_and_now_can_not_be_looked_for_wait_for_the_look() -> None:
    """Whoever gave the right to write is not told to do so again, but of the next right."""
    health = board()
    sink = KafkaSink(cluster=NOWHERE)
    watch = BrokerWatch(health, Deliveries[FillToken](sink))
    watch.failed(((FillToken((1, 1)), Failure(reason="allow WRITE")),))
    watch.there(blind="", note="")
    assert "allow WRITE" in str(health.ready().body["parts"])
    watch.there(blind="allow READ", note="")
    parts = str(health.ready().body["parts"])
    assert "allow READ" in parts
    assert "WRITE" not in parts
