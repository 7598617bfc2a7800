"""What the parts of every process have in common: measurements, their export, and databases."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector

from fixengine.config import Settings
from fixengine.engine.exports import metric_export
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.process.logs import log_lines
from fixengine.infra.services.neighbours import SecurityClient
from fixengine.telemetry.metrics.process import ProcessMetrics

if TYPE_CHECKING:
    from fixengine.infra.otlp.metrics import MetricExport
    from fixengine.infra.otlp.traces import SpanExport

_Metrics = TypeVar("_Metrics", bound=ProcessMetrics)


class ProcessParts(Generic[_Metrics]):
    """What the actors stand on. Attributes are shared by all, each method makes a part for one.

    An actor that is started again gets new parts of its own.
    """

    def __init__(
        self, settings: Settings, *, pod: str, metrics: Callable[[CollectorRegistry], _Metrics]
    ) -> None:
        self._settings = settings
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.metrics = metrics(self.registry)
        log_lines.watch(on_lost=self.metrics.log_lines_lost.inc)
        self._exports: list[MetricExport | SpanExport] = []
        export = metric_export(settings, self.registry)
        if export is not None:
            self._exports.append(export)
        self._new_database = partial(Database, dsn=settings.postgres_dsn, application_name=pod)
        self._databases: list[Database] = []  # that are opened and closed with the process

    def start(self) -> None:
        """Begin with what needs no actor, to export and to connect; returns at once."""
        for export in self._exports:
            export.start()
        for database in self._databases:
            database.open()

    @property
    def endings(self) -> tuple[Callable[[float], object], ...]:
        """What ends each of them within so many seconds. Safe before the start, and twice."""
        exports = (export.stop for export in self._exports)
        return (*exports, *(database.close for database in self._databases))

    def security_service(self) -> SecurityClient:
        """Return a client of security-service."""
        return SecurityClient(url=self._settings.security_svc_url)
