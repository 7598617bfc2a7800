"""A gateway: its parts and its children, started in order and stopped in reverse."""

from collections.abc import Callable

import pykka

from fixengine.actors.gateway.limits import SESSION_LIMITS, SessionLimits
from fixengine.actors.gateway.reader import SessionReads
from fixengine.actors.reading.reader_pool import Readers
from fixengine.actors.storage.limits import STORAGE_LIMITS, StorageLimits
from fixengine.config import Settings
from fixengine.config.fix_sessions import Agreements
from fixengine.engine.running import Running, probe_server
from fixengine.gateway.children import STOP_BUDGET, Child, Children
from fixengine.gateway.parts import ApplicationOf, Parts, order_entry
from fixengine.http.app import gateway_app
from fixengine.http.serving.server import Server
from fixengine.telemetry.health import HUNG_AFTER
from fixengine.telemetry.metrics.actors import ActorCollector
from fixengine.telemetry.metrics.http import HttpMetrics

_REST_THREADS = 4


class Gateway:
    """One gateway: everything between its settings and its threads.

    `on_failure` is called with a sentence when the actors are beyond help. An actor that is at
    one message for `hung_after` seconds makes /healthz say so. `application` answers what clients
    send; a test may give its own, and its own limits.
    """

    def __init__(
        self,
        settings: Settings,
        agreements: Agreements,
        *,
        pod: str,
        on_failure: Callable[[str], object],
        application: ApplicationOf = order_entry,
        hung_after: float = HUNG_AFTER,
        storage: StorageLimits = STORAGE_LIMITS,
        limits: SessionLimits = SESSION_LIMITS,
    ) -> None:
        self._parts = parts = Parts(settings, agreements, pod=pod, application=application)
        children = Children(parts, hung_after=hung_after, storage=storage, limits=limits)
        self.tree, self.health, self.live = children.tree, children.health, children.live
        self.registry = parts.registry
        self.registry.register(ActorCollector(self.tree))
        self._rest = Server(
            gateway_app(
                sessions=SessionReads(Readers((Child.READER,), self.tree.ref)),
                probes=self.health,
                registry=self.registry,
                metrics=HttpMetrics(self.registry),
            ),
            port=settings.http_port,
            prefix=settings.http_prefix,
            name="rest",
            threads=_REST_THREADS,
        )
        self._probes = probe_server(self.health, self.registry, port=settings.health_port)
        self._running = Running(
            servers=(self._probes, self._rest),
            parts=parts,
            tree=self.tree,
            health=self.health,
            budget=STOP_BUDGET,
            on_failure=on_failure,
        )

    def start(self) -> pykka.Future[None]:
        """Start the servers and the actors; see `Running.start`."""
        return self._running.start()

    def stop(self) -> tuple[str, ...]:
        """Log all clients out, and stop; returns the names of actors that would not."""
        return self._running.stop()
