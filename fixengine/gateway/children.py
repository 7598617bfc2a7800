"""The children of a gateway's supervisor: its actors, in order of dependency."""

from collections.abc import Mapping
from enum import StrEnum
from functools import partial

from fixengine.actors.changing.desk import Desk
from fixengine.actors.changing.limits import ChangeLimits
from fixengine.actors.gateway.acceptor import Acceptor
from fixengine.actors.gateway.arrival import Arrival
from fixengine.actors.gateway.directory import DRAINED_WITHIN, Directory
from fixengine.actors.gateway.limits import SESSION_LIMITS, SessionLimits
from fixengine.actors.gateway.live import LiveSessions
from fixengine.actors.gateway.porter import Porter
from fixengine.actors.gateway.reader import SessionReader
from fixengine.actors.gateway.reports import Reports
from fixengine.actors.gateway.repository import SessionRepository
from fixengine.actors.gateway.requests import Requests
from fixengine.actors.gateway.session import SessionActor
from fixengine.actors.gateway.symbols import SymbolBoard, Symbols
from fixengine.actors.gateway.turns import Turns
from fixengine.actors.storage.limits import STORAGE_LIMITS, StorageLimits
from fixengine.engine.family import Family
from fixengine.engine.stop_budget import StopBudget
from fixengine.gateway.parts import Parts
from fixengine.supervision.child import Refs, StartChild
from fixengine.supervision.refs import ActorRef
from fixengine.telemetry.health import GATEWAY_NEEDS


class Child(StrEnum):
    """The actors by name, each after those that it asks."""

    REPOSITORY = "repository"
    SYMBOLS = "symbols"
    DESK = "desk"
    REQUESTS = "requests"
    DIRECTORY = "directory"
    REPORTS = "reports"
    PORTER = "porter"
    ACCEPTOR = "acceptor"
    READER = "reader"


STOP_SHARES: Mapping[Child, float] = {
    Child.REPOSITORY: 0.45,
    Child.SYMBOLS: 0.2,
    Child.DESK: 0.2,
    Child.REQUESTS: 0.2,
    Child.DIRECTORY: DRAINED_WITHIN + 0.25,
    Child.REPORTS: 0.2,
    Child.PORTER: 0.15,
    Child.ACCEPTOR: 0.15,
    Child.READER: 0.15,
}
"""Seconds for each actor to stop, in reverse order. What one leaves is for those after it."""

STOP_BUDGET = StopBudget(actors=sum(STOP_SHARES.values()))
"""The time of a gateway's stop."""

assert SessionRepository.closes_within < STOP_SHARES[Child.REPOSITORY]
assert Directory.closes_within < STOP_SHARES[Child.DIRECTORY]


class Children(Family):
    """Makes the actors from a gateway's parts; `live` says who is logged on."""

    def __init__(
        self,
        parts: Parts,
        *,
        hung_after: float,
        storage: StorageLimits = STORAGE_LIMITS,
        limits: SessionLimits = SESSION_LIMITS,
    ) -> None:
        self._parts = parts
        self._storage = storage
        self._limits = limits
        self._board = SymbolBoard()
        self._turns = Turns(limits.pages)
        self.live = LiveSessions()
        super().__init__(
            self._starts(),
            stop_shares=STOP_SHARES,
            needs=GATEWAY_NEEDS,
            up=parts.metrics.up,
            hung_after=hung_after,
        )
        parts.metrics.sessions.set_function(lambda: len(self.live.all()))

    def _starts(self) -> Mapping[Child, StartChild]:
        """List the children in order of dependency."""
        return {
            Child.REPOSITORY: self._repository,
            Child.SYMBOLS: self._symbols,
            Child.DESK: self._desk,
            Child.REQUESTS: self._requests,
            Child.DIRECTORY: self._directory,
            Child.REPORTS: self._reports,
            Child.PORTER: self._porter,
            Child.ACCEPTOR: self._acceptor,
            Child.READER: self._reader,
        }

    def _repository(self, _refs: Refs) -> ActorRef:
        return SessionRepository.start(
            schema=self._parts.schema(migrates=self._schema_migrates, mends=self._schema_mends),
            sessions=self._parts.sessions(),
            health=self.health,
            metrics=self._parts.metrics,
            limits=self._storage,
        )

    def _symbols(self, _refs: Refs) -> ActorRef:
        return Symbols.start(
            service=self._parts.security_service(),
            board=self._board,
            health=self.health,
            metrics=self._parts.metrics,
        )

    def _desk(self, _refs: Refs) -> ActorRef:
        return Desk.start(
            changes=self._parts.changes(),
            publisher=None,
            metrics=self._parts.metrics,
            rules=self._parts.fill_rules,
            limits=ChangeLimits(),
        )

    def _requests(self, refs: Refs) -> ActorRef:
        return Requests.start(books=self._parts.books, desk=refs[Child.DESK])

    def _directory(self, refs: Refs) -> ActorRef:
        return Directory.start(
            live=self.live,
            repository=refs[Child.REPOSITORY],
            start_session=partial(self._session, refs),
            metrics=self._parts.metrics,
            limits=self._limits,
        )

    def _session(self, refs: Refs, arrival: Arrival) -> ActorRef:
        return SessionActor.start(
            arrival,
            application=self._parts.application(arrival.agreement, arrival.taken.id, self._board),
            books=self._parts.books,
            repository=refs[Child.REPOSITORY],
            requests=refs[Child.REQUESTS],
            turns=self._turns,
            metrics=self._parts.metrics,
            limits=self._limits,
        )

    def _reports(self, _refs: Refs) -> ActorRef:
        return Reports.start(books=self._parts.books, live=self.live)

    def _porter(self, refs: Refs) -> ActorRef:
        return Porter.start(
            agreements=self._parts.agreements,
            live=self.live,
            directory=refs[Child.DIRECTORY],
            metrics=self._parts.metrics,
        )

    def _acceptor(self, refs: Refs) -> ActorRef:
        return Acceptor.start(entrance=self._parts.entrance(), porter=refs[Child.PORTER])

    def _reader(self, _refs: Refs) -> ActorRef:
        return SessionReader.start(
            queries=self._parts.queries(), live=self.live, metrics=self._parts.metrics
        )
