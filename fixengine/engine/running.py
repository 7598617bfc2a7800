"""What every process of actors does: started in order, stopped in reverse, each with its time."""

from collections.abc import Callable, Sequence
from threading import Thread
from time import monotonic
from typing import Protocol

import pykka
from prometheus_client import CollectorRegistry

from fixengine.engine.restart_intensity import restart_budget
from fixengine.engine.stop_budget import StopBudget
from fixengine.http.app import probe_app
from fixengine.http.serving.server import Server
from fixengine.recurring import end_counts
from fixengine.supervision.lifecycle import StartChildren
from fixengine.supervision.refs import ActorRef, ask
from fixengine.supervision.stopping import shut_down
from fixengine.supervision.supervisor import Supervisor
from fixengine.supervision.tree import Tree
from fixengine.telemetry.health import Health

START_WITHIN = 5.0
"""Seconds for the supervisor to begin with the first actor."""

_PROBE_THREADS = 2


class Startable(Protocol):
    """What actors stand on."""

    def start(self) -> None:
        """Begin with what needs no actor; returns at once."""

    @property
    def endings(self) -> tuple[Callable[[float], object], ...]:
        """What ends each of them within so many seconds. Safe before the start, and twice."""


class Running:
    """Servers, parts and actors of one process.

    `on_failure` is called with a sentence when the actors are beyond help.
    """

    def __init__(
        self,
        *,
        servers: Sequence[Server],
        parts: Startable,
        tree: Tree,
        health: Health,
        budget: StopBudget,
        on_failure: Callable[[str], object],
    ) -> None:
        self._servers = servers
        self._parts = parts
        self._tree = tree
        self._health = health
        self._budget = budget
        self._on_failure = on_failure
        self._supervisor: ActorRef | None = None

    def start(self) -> pykka.Future[None]:
        """Start the servers and the actors; returns at once, health tells how it goes.

        The future is set when all actors have booted, or raises StartError. Raises OSError when
        a port is taken.
        """
        for server in self._servers:
            server.start()
        self._parts.start()
        self._supervisor = Supervisor.start(
            tree=self._tree, budget=restart_budget(), on_escalation=self._on_failure
        )
        return ask(self._supervisor, StartChildren(), timeout=START_WITHIN)

    def stop(self) -> tuple[str, ...]:
        """Drain and stop in the time of the budget; returns the actors that would not."""
        self._health.drain()
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
        endings = (*(server.stop for server in self._servers), *self._parts.endings)
        until = monotonic() + within
        threads = [
            Thread(target=end, args=(within,), name="ending", daemon=True) for end in endings
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(until - monotonic(), 0))


def probe_server(health: Health, registry: CollectorRegistry, *, port: int) -> Server:
    """Return the server of probes and metrics, which nothing else can hold up."""
    return Server(
        probe_app(probes=health, registry=registry),
        port=port,
        name="probes",
        threads=_PROBE_THREADS,
    )
