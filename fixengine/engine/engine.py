"""An engine: its parts and its children, started in order and stopped in reverse."""

from collections.abc import Callable
from functools import partial

from fixengine.actors.changing.desk_client import DeskClient
from fixengine.actors.filling.limits import FILL_LIMITS, FillLimits
from fixengine.actors.reading.overviews import Overviews
from fixengine.actors.reading.reader_pool import ReaderPool
from fixengine.actors.storage.limits import STORAGE_LIMITS, StorageLimits
from fixengine.config import Settings
from fixengine.engine.children import READERS, STOP_BUDGET, Child, Children
from fixengine.engine.parts import Parts
from fixengine.engine.running import Running
from fixengine.http.app import rest_app
from fixengine.telemetry.health import HUNG_AFTER
from fixengine.telemetry.metrics.http import HttpMetrics

_REST_THREADS = 16  # as many questions as are answered together, at the most


class Engine(Running):
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
        readers = ReaderPool(READERS, children.tree.ref)
        self.desk = DeskClient(partial(children.tree.ref, Child.DESK))
        rest = rest_app(
            executions=readers,
            overviews=Overviews(readers=readers, recent_backlog=parts.recent_backlog),
            probes=children.health,
            registry=parts.registry,
            metrics=HttpMetrics(parts.registry),
            desk=self.desk,
            operator_token=settings.operator_token,
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
