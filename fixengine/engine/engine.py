"""An engine: its parts and its children, started in order and stopped in reverse."""

from collections.abc import Callable
from functools import partial
from threading import Thread
from time import monotonic

import pykka

from fixengine.actors.changing.desk_client import DeskClient
from fixengine.actors.filling.limits import FILL_LIMITS, FillLimits
from fixengine.actors.reading.overviews import Overviews
from fixengine.actors.reading.reader_pool import ReaderPool
from fixengine.actors.storage.limits import STORAGE_LIMITS, StorageLimits
from fixengine.config import Settings
from fixengine.engine.children import READERS, Child, Children
from fixengine.engine.parts import Parts
from fixengine.engine.restart_intensity import restart_budget
from fixengine.engine.stop_budget import STOP_BUDGET
from fixengine.http.app import probe_app, rest_app
from fixengine.http.serving.server import Server
from fixengine.recurring import end_counts
from fixengine.supervision.lifecycle import StartChildren
from fixengine.supervision.refs import ActorRef, ask
from fixengine.supervision.stopping import shut_down
from fixengine.supervision.supervisor import Supervisor
from fixengine.telemetry.health import HUNG_AFTER
from fixengine.telemetry.metrics.actors import ActorCollector
from fixengine.telemetry.metrics.http import HttpMetrics

START_WITHIN = 5.0
"""Seconds for the supervisor to begin with the first actor."""

_REST_THREADS = 16  # as many questions as are answered together, at the most
_PROBE_THREADS = 2


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
        self._on_failure = on_failure
        self._parts = parts = Parts(settings, pod=pod, readers=len(READERS))
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
        self._probes = Server(
            probe_app(probes=self.health, registry=self.registry),
            port=settings.health_port,
            name="probes",
            threads=_PROBE_THREADS,
        )
        self._supervisor: ActorRef | None = None

    def start(self) -> pykka.Future[None]:
        """Start the servers and the actors; returns at once, health tells how it goes.

        The future is set when all actors have booted, or raises StartError. Raises OSError when
        a port is taken.
        """
        self._probes.start()
        self._rest.start()
        self._parts.start()
        self._supervisor = Supervisor.start(
            tree=self.tree, budget=restart_budget(), on_escalation=self._on_failure
        )
        return ask(self._supervisor, StartChildren(), timeout=START_WITHIN)

    def stop(self) -> tuple[str, ...]:
        """Drain and stop, as STOP_BUDGET gives time; returns the names of actors that would not."""
        self.health.drain()
        stuck: tuple[str, ...] = ()
        if self._supervisor is not None:
            stuck = shut_down(
                self._supervisor, within=STOP_BUDGET.actors, report_within=STOP_BUDGET.report
            )
        self._end_the_rest()
        end_counts()
        return stuck

    def _end_the_rest(self) -> None:
        """End what needs no order, all at the same time: any of it may wait for someone outside."""
        endings = (self._rest.stop, self._probes.stop, *self._parts.endings)
        until = monotonic() + STOP_BUDGET.the_rest
        threads = [
            Thread(target=end, args=(STOP_BUDGET.the_rest,), name="ending", daemon=True)
            for end in endings
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(until - monotonic(), 0))
