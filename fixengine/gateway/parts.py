"""The parts of a gateway: its settings become connections, tables, a port and measurements."""

from collections.abc import Callable
from typing import Protocol

from prometheus_client import CollectorRegistry, ProcessCollector

from fixengine.actors.gateway.symbols import SymbolBoard
from fixengine.actors.reading.reader_pool import ANSWER_WITHIN
from fixengine.config import Settings
from fixengine.config.fix_sessions import Agreement, Agreements
from fixengine.engine.exports import metric_export
from fixengine.infra.fix.listener import Listener
from fixengine.infra.fix.tls import TlsFiles
from fixengine.infra.postgres.changes import PostgresChanges
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.infra.postgres.fix.queries import PostgresSessionQueries
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.infra.postgres.schema.examination import of_a_gateway
from fixengine.infra.postgres.schema.schema import PostgresSchema
from fixengine.infra.process.logs import log_lines
from fixengine.infra.services.neighbours import SecurityClient
from fixengine.supervision.mailbox import unhurried
from fixengine.telemetry.metrics.gateway import GatewayMetrics
from fixengine.trading.agreement import OrderAgreement
from fixengine.trading.application import Application
from fixengine.trading.entry import OrderEntry

_BOOK_CONNECTIONS = 4
"""For all sessions, which look up and read; with more of them, writes would have to wait."""

POOLED_CONNECTIONS = 2 + _BOOK_CONNECTIONS
"""One looks at the schema, one answers REST. Those of the sessions and of the desk come on top."""


class ApplicationOf(Protocol):
    """Makes the application of a session."""

    def __call__(self, agreement: Agreement, session_id: int, board: SymbolBoard, /) -> Application:
        """Return it; it keeps nothing of its own."""


def order_entry(agreement: Agreement, session_id: int, board: SymbolBoard) -> Application:
    """Return what clients trade with."""
    agreed = OrderAgreement(
        session_id=session_id,
        dictionary=agreement.session_settings.dictionary,
        destination=agreement.destination,
        day=agreement.day,
    )
    return OrderEntry(agreed, board)


class Parts:
    """What the actors stand on. Attributes are shared by all, each method makes a part for one.

    An actor that is started again gets new parts of its own.
    """

    def __init__(
        self, settings: Settings, agreements: Agreements, *, pod: str, application: ApplicationOf
    ) -> None:
        self._settings = settings
        self.agreements = agreements
        self.application = application
        self.fill_rules = settings.fill_rules
        self._database = Database(
            dsn=settings.postgres_dsn, application_name=pod, max_connections=1
        )
        self._books_database = Database(
            dsn=settings.postgres_dsn,
            application_name=pod,
            max_connections=_BOOK_CONNECTIONS,
            keeps_plans=True,
        )
        self.books = PostgresFixBooks(self._books_database)
        self._reader_database = Database(
            dsn=settings.postgres_dsn,
            application_name=pod,
            max_connections=1,
            statement_limit=ANSWER_WITHIN,
        )
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.metrics = GatewayMetrics(registry)
        log_lines.watch(on_lost=self.metrics.log_lines_lost.inc)
        export = metric_export(settings, registry)
        self._exports = [] if export is None else [export]
        self._listeners: list[Listener] = []

    def start(self) -> None:
        """Begin to export, and to connect to the database."""
        for export in self._exports:
            export.start()
        self._database.open()
        self._books_database.open()
        self._reader_database.open()

    @property
    def endings(self) -> tuple[Callable[[float], object], ...]:
        """What ends each of them within so many seconds. Safe before the start, and twice."""
        exports = (export.stop for export in self._exports)
        listeners = (listener.stop for listener in self._listeners)
        databases = (self._reader_database, self._books_database, self._database)
        return (*exports, *listeners, *(database.close for database in databases))

    def sessions(self) -> PostgresFixSessions:
        """Return what holds sessions, and stores their work."""
        return PostgresFixSessions(
            self._database, first_fill_delay=self._settings.fill_delay_first_seconds
        )

    def queries(self) -> PostgresSessionQueries:
        """Return the queries of REST and metrics."""
        return PostgresSessionQueries(self._reader_database)

    def changes(self) -> PostgresChanges:
        """Return what changes executions; an engine publishes what is announced of it."""
        return PostgresChanges(self._database, None)

    def schema(
        self, *, migrates: Callable[[str], object], mends: Callable[[str], object]
    ) -> PostgresSchema:
        """Return the schema; it says what it does while that takes long."""
        return PostgresSchema(
            self._database,
            self._books_database,
            shard=self._settings.order_shard,
            forgets=False,
            statements=of_a_gateway(),
            unhurried=unhurried,
            migrates=migrates,
            mends=mends,
        )

    def security_service(self) -> SecurityClient:
        """Return a client of security-service."""
        return SecurityClient(url=self._settings.security_svc_url)

    def entrance(self) -> Listener:
        """Return the port, which is not open yet; lines of earlier ones stay until the end."""
        settings = self._settings
        listener = Listener(port=settings.fix_port, counts=self.metrics, tls=TlsFiles.of(settings))
        self._listeners.append(listener)
        return listener
