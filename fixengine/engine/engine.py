"""An engine: its parts and its children, started in order and stopped in reverse."""

from collections.abc import Callable
from functools import partial

import pykka

from fixengine.actors.changing.desk_client import DeskClient
from fixengine.actors.filling.limits import FILL_LIMITS, FillLimits
from fixengine.actors.reading.overviews import Overviews
from fixengine.actors.reading.reader_pool import ReaderPool
from fixengine.actors.storage.limits import STORAGE_LIMITS, StorageLimits
from fixengine.config import Settings
from fixengine.engine.children import READERS, STOP_BUDGET, Child, Children
from fixengine.engine.parts import Parts
from fixengine.engine.running import Running, probe_server
from fixengine.http.app import rest_app
from fixengine.http.serving.server import Server
from fixengine.telemetry.health import HUNG_AFTER
from fixengine.telemetry.metrics.actors import ActorCollector
from fixengine.telemetry.metrics.http import HttpMetrics

_REST_THREADS = 16  # as many questions as are answered together, at the most


class Engine:
    """One engine: everything between its settings and its threads.

    `on_failure` is called with a sentence when the actors are beyond help. An actor that is at
    one message for `hung_after` seconds makes /healthz say so. `storage` and `filling` are
    limits of these actors; a test may give its own.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        pod: str,
        on_failure: Callable[[str], object],
        hung_after: float = HUNG_AFTER,
        storage: StorageLimits = STORAGE_LIMITS,
        filling: FillLimits = FILL_LIMITS,
    ) -> None:
        parts = Parts(settings, pod=pod, readers=len(READERS))
        children = Children(
            settings, parts, hung_after=hung_after, storage=storage, filling=filling
        )
        self.tree, self.health = children.tree, children.health
        self.registry = parts.registry
        self.registry.register(ActorCollector(self.tree))
        readers = ReaderPool(READERS, self.tree.ref)
        self.desk = DeskClient(partial(self.tree.ref, Child.DESK))
        self._rest = Server(
            rest_app(
                executions=readers,
                overviews=Overviews(readers=readers, recent_backlog=parts.recent_backlog),
                probes=self.health,
                registry=self.registry,
                metrics=HttpMetrics(self.registry),
                desk=self.desk,
                operator_token=settings.operator_token,
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
        """Drain and stop, as STOP_BUDGET gives time; returns the names of actors that would not."""
        return self._running.stop()
