"""For an actor that is tried alone."""

from collections.abc import Callable
from time import monotonic

from prometheus_client import CollectorRegistry

from fixengine.ports.tree import ActorState
from fixengine.telemetry.health import Health
from fixengine.telemetry.metrics.engine import EngineMetrics


class NoTree:
    """Nobody is supervised."""

    def snapshot(self) -> list[ActorState]:
        return []

    def hung(self, limit: float) -> list[str]:
        return []


def board(clock: Callable[[], float] = monotonic) -> Health:
    """Return a board that one actor writes to."""
    return Health(gauge=EngineMetrics(CollectorRegistry()).up, tree=NoTree(), clock=clock)
