"""How a client is shown out: without a word, but it is counted, and logged now and then."""

from collections import defaultdict

from fixengine.ports.fix import Identity
from fixengine.ports.lines import Line
from fixengine.recurring import Recurring
from fixengine.telemetry.metrics.gateway import GatewayMetrics


class WayOut:
    """For clients that may not log on."""

    def __init__(self, metrics: GatewayMetrics) -> None:
        self._metrics = metrics
        self._shown_out = defaultdict[str, Recurring](  # one reason does not hide another
            lambda: Recurring("WARNING", "a client may not log on")
        )

    def show(self, line: Line, identity: Identity, outcome: str) -> None:
        """Close a line; `outcome` is one of those that the metric of logons has."""
        self._metrics.logons.labels(outcome).inc()
        self._shown_out[outcome].happened(
            client=shown(identity),
            target=identity.own.decode(errors="replace"),
            version=identity.begin.decode(),
            address=line.address,
            why=outcome,
        )
        line.close()


def shown(identity: Identity) -> str:
    """Return a client's name, for people."""
    return identity.peer.decode(errors="replace")
