"""What every process of actors does: started in order, stopped in reverse, each with its time."""

from collections.abc import Callable
from threading import Thread
from time import monotonic
from typing import Any

from fixengine.config import Settings
from fixengine.engine.family import Family
from fixengine.engine.process_parts import ProcessParts
from fixengine.engine.restart_intensity import restart_budget
from fixengine.engine.stop_budget import StopBudget
from fixengine.http.app import App, probe_app
from fixengine.http.serving.server import Server
from fixengine.recurring import end_counts
from fixengine.supervision.lifecycle import StartChildren
from fixengine.supervision.refs import ActorRef, ask
from fixengine.supervision.reply import Reply
from fixengine.supervision.stopping import shut_down
from fixengine.supervision.supervisor import Supervisor
from fixengine.telemetry.metrics.actors import ActorCollector

START_WITHIN = 5.0
"""Seconds for the supervisor to begin with the first actor."""

_PROBE_THREADS = 2


class Running:
    """One process: parts, the actors that stand on them, REST, and probes that nothing holds up.

    `on_failure` is called with a sentence when the actors are beyond help.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        parts: ProcessParts[Any],
        children: Family,
        rest: App,
        rest_threads: int,
        budget: StopBudget,
        on_failure: Callable[[str], object],
    ) -> None:
        self.tree, self.health = children.tree, children.health
        self.registry = parts.registry
        self.registry.register(ActorCollector(self.tree))
        self._parts = parts
        self._budget = budget
        self._on_failure = on_failure
        self._supervisor: ActorRef | None = None
        self._rest = Server(
            rest,
            port=settings.http_port,
            prefix=settings.http_prefix,
            name="rest",
            threads=rest_threads,
        )
        self._probes = Server(
            probe_app(probes=self.health, registry=self.registry),
            port=settings.health_port,
            name="probes",
            threads=_PROBE_THREADS,
        )

    def start(self) -> Reply[None]:
        """Start the servers and the actors; returns at once, health tells how it goes.

        The reply is set when all actors have booted, or raises StartError. Raises OSError when a
        port is taken.
        """
        for server in (self._probes, self._rest):
            server.start()
        self._parts.start()
        self._supervisor = Supervisor.start(
            tree=self.tree, budget=restart_budget(), on_escalation=self._on_failure
        )
        return ask(self._supervisor, StartChildren(), timeout=START_WITHIN)

    def stop(self) -> tuple[str, ...]:
        """Drain and stop in the time of the budget; returns the actors that would not."""
        self.health.drain()
        stuck: tuple[str, ...] = ()
        if self._supervisor is not None:
            stuck = shut_down(
                self._supervisor, within=self._budget.actors, report_within=self._budget.report
            )
        self._end_the_rest()
        end_counts()
        return stuck

    def _end_the_rest(self) -> None:
        """End what needs no order, all at the same time: any of it may wait for someone outside."""
        within = self._budget.the_rest
        endings = (self._probes.stop, self._rest.stop, *self._parts.endings)
        until = monotonic() + within
        threads = [
            Thread(target=end, args=(within,), name="ending", daemon=True) for end in endings
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(until - monotonic(), 0))
