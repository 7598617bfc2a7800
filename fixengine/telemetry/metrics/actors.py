"""Restarts and mailboxes of the actors."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from fixengine.ports.tree import ActorTree


class ActorCollector(Collector):
    """Restarts and mailboxes of the actors, read when Prometheus asks."""

    def __init__(self, tree: ActorTree) -> None:
        self._tree = tree

    def collect(self) -> Iterator[Metric]:
        """Yield one sample of each family for each actor."""
        restarts = CounterMetricFamily(
            "fixengine_actor_restarts", "Restarts of an actor", labels=["actor"]
        )
        mailbox = GaugeMetricFamily(
            "fixengine_actor_mailbox_depth", "Messages that wait for an actor", labels=["actor"]
        )
        for actor in self._tree.snapshot():
            restarts.add_metric([actor.name], actor.restarts)
            mailbox.add_metric([actor.name], actor.mailbox_depth)
        yield restarts
        yield mailbox
