"""A gateway: its parts and its children, started in order and stopped in reverse."""

from collections.abc import Callable

from fixengine.actors.gateway.limits import SESSION_LIMITS, SessionLimits
from fixengine.actors.gateway.reader import SessionReads
from fixengine.actors.reading.reader_pool import Readers
from fixengine.actors.storage.limits import STORAGE_LIMITS, StorageLimits
from fixengine.config import Settings
from fixengine.config.fix_sessions import Agreements
from fixengine.engine.running import Running
from fixengine.gateway.children import STOP_BUDGET, Child, Children
from fixengine.gateway.parts import ApplicationOf, Parts, order_entry
from fixengine.http.app import gateway_app
from fixengine.telemetry.health import HUNG_AFTER
from fixengine.telemetry.metrics.http import HttpMetrics

_REST_THREADS = 4


class Gateway(Running):
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
        parts = Parts(settings, agreements, pod=pod, application=application)
        children = Children(parts, hung_after=hung_after, storage=storage, limits=limits)
        self.live = children.live
        rest = gateway_app(
            sessions=SessionReads(Readers((Child.READER,), children.tree.ref)),
            probes=children.health,
            registry=parts.registry,
            metrics=HttpMetrics(parts.registry),
        )
        super().__init__(
            settings,
            parts=parts,
            children=children,
            rest=rest,
            rest_threads=_REST_THREADS,
            budget=STOP_BUDGET,
            on_failure=on_failure,
        )
