"""The repository actor: all writes, and the watches over database, schema and backlog."""

from dataclasses import dataclass
from typing import Any

from fixengine.actors.messages import QueryAnswered, QueryFailed
from fixengine.actors.storage.backlog_watch import BacklogWatch
from fixengine.actors.storage.database_watch import DatabaseWatch
from fixengine.actors.storage.limits import STORAGE_LIMITS, StorageLimits
from fixengine.actors.storage.schema_watch import SchemaWatch
from fixengine.actors.storage.writes import Write, Writes
from fixengine.errors import ImpairedError, RejectedError, SchemaError, UnavailableError
from fixengine.ports.stores import Claims, OrderTable, Outbox, Retention, Schema
from fixengine.supervision.actor import Actor
from fixengine.supervision.retries import Retries
from fixengine.telemetry.backlog import RecentBacklog
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.metrics.engine import EngineMetrics

_LOOK = "look"


@dataclass(frozen=True, slots=True)
class _Connect:
    """Repository → itself: reach the database and bring its schema up to date."""


@dataclass(frozen=True, slots=True)
class _Check:
    """Repository → itself: is the database still there, and how far behind are we?"""


class Repository(Actor):
    """Writes, one at a time. Until the database was reached every write is unavailable."""

    def __init__(
        self,
        *,
        schema: Schema,
        orders: OrderTable,
        claims: Claims,
        outbox: Outbox,
        retention: Retention,
        health: Health,
        metrics: EngineMetrics,
        recent_backlog: RecentBacklog,
        limits: StorageLimits = STORAGE_LIMITS,
    ) -> None:
        super().__init__()
        self._check_every = limits.check_every
        self._health = health
        self._claims = claims
        self._schema = SchemaWatch(schema, health, limits)
        self._database = DatabaseWatch(health)
        self._backlog = BacklogWatch(
            orders=orders, claims=claims, recent_backlog=recent_backlog, metrics=metrics
        )
        self._writes = Writes(
            orders=orders,
            claims=claims,
            outbox=outbox,
            retention=retention,
            schema=self._schema,
            apart_within=limits.apart_within,
        )
        self._retries = Retries(first=0.2, cap=5.0)
        self._ready = False

    def boot(self) -> None:
        self.actor_ref.tell(_Connect())

    def receive(self, message: _Connect | _Check | QueryFailed | QueryAnswered | Write) -> Any:
        match message:
            case _Connect():
                return self._connect()
            case _Check():
                return self._check()
            case QueryFailed(kind=kind, error=error):
                return self._failed(kind, error) if self._ready else None
            case QueryAnswered(kind=kind):
                return self._worked(kind)
            case _:
                return self._write(message)

    def close(self) -> None:
        self._claims.close()

    def _write(self, message: Write) -> object:
        if not self._ready:
            raise UnavailableError("the database was not reached yet")
        kind = type(message).__name__
        try:
            done = self._writes.perform(message)
        except ImpairedError as error:
            self._failed(kind, error)
            raise
        except RejectedError as error:
            refused = SchemaError(f"the schema refuses what should depend on no value: {error}")
            self._failed(kind, refused)
            raise refused from error
        except UnavailableError:
            # it may be that one connection alone was lost
            if self._database.reached:
                self._look()
            raise
        self._worked(kind)
        return done

    def _failed(self, kind: str, error: ImpairedError) -> None:
        if isinstance(error, SchemaError):
            self._schema.refused(kind, error)
        else:
            self._database.failed(kind, error)

    def _worked(self, kind: str) -> None:
        self._schema.worked(kind)
        self._database.worked(kind)

    def _connect(self) -> None:
        try:
            self._schema.prepare()
            self._claims.open()
        except SchemaError as error:
            self._health.up(Part.DATABASE)
            self._health.down(Part.SCHEMA, str(error))
            self.tell_later(self._retries.next_wait(), _Connect())
        except UnavailableError as error:
            self._health.down(Part.DATABASE, str(error))
            self.tell_later(self._retries.next_wait(), _Connect())
        else:
            self._retries.reset()
            self._ready = True
            self._check()

    def _check(self) -> None:
        self._look()
        self.tell_later(self._check_every, _Check())

    def _look(self) -> None:
        """Say whether the database is there, and how far behind the engines are."""
        try:
            self._claims.check()
            self._schema.look()
            if self._backlog.due or not self._database.reached:
                self._backlog.look(checked_every=self._check_every)
        except ImpairedError as error:
            self._failed(_LOOK, error)
        except UnavailableError as error:
            self._database.away(error)
            return
        else:
            self._worked(_LOOK)
        self._database.there()
