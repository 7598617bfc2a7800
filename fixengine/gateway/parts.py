"""The parts of a gateway: its settings become connections, tables, a port and measurements."""

from collections.abc import Callable
from typing import Protocol

from fixengine.actors.gateway.symbols import SymbolBoard
from fixengine.actors.reading.reader_pool import ANSWER_WITHIN
from fixengine.config import Settings
from fixengine.config.fix_sessions import Agreement, Agreements
from fixengine.engine.process_parts import ProcessParts
from fixengine.infra.fix.listener import Listener
from fixengine.infra.fix.tls import TlsFiles
from fixengine.infra.postgres.changes import PostgresChanges
from fixengine.infra.postgres.fix.books import PostgresFixBooks
from fixengine.infra.postgres.fix.queries import PostgresSessionQueries
from fixengine.infra.postgres.fix.sessions import PostgresFixSessions
from fixengine.infra.postgres.schema.examination import of_a_gateway
from fixengine.infra.postgres.schema.schema import PostgresSchema
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


class Parts(ProcessParts[GatewayMetrics]):
    """The parts of a gateway."""

    def __init__(
        self, settings: Settings, agreements: Agreements, *, pod: str, application: ApplicationOf
    ) -> None:
        super().__init__(settings, pod=pod, metrics=GatewayMetrics)
        self.agreements = agreements
        self.application = application
        self.fill_rules = settings.fill_rules
        self._database = self._new_database(max_connections=1)
        self._books_database = self._new_database(
            max_connections=_BOOK_CONNECTIONS, keeps_plans=True
        )
        self._reader_database = self._new_database(max_connections=1, statement_limit=ANSWER_WITHIN)
        self._databases += [self._database, self._books_database, self._reader_database]
        self.books = PostgresFixBooks(self._books_database)
        self._listeners: list[Listener] = []

    @property
    def endings(self) -> tuple[Callable[[float], object], ...]:
        """What ends each of them, as it says there."""
        return (*super().endings, *(listener.stop for listener in self._listeners))

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

    def entrance(self) -> Listener:
        """Return the port, which is not open yet; lines of earlier ones stay until the end."""
        settings = self._settings
        listener = Listener(port=settings.fix_port, counts=self.metrics, tls=TlsFiles.of(settings))
        self._listeners.append(listener)
        return listener
