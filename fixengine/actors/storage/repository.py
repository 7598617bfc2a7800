"""The repository actor: all writes, the schema, and the watch over the database."""

from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeAlias, assert_never

from loguru import logger

from fixengine.actors.messages import (
    AbandonClaim,
    ClaimDue,
    DropParts,
    ExecutionsFreed,
    ForgetExecutions,
    GetUnpublished,
    MarkPublished,
    QueryAnswered,
    QueryFailed,
    StoreFills,
    StoreOrders,
    TakeOverOutbox,
)
from fixengine.actors.storage.database_watch import DatabaseWatch
from fixengine.actors.storage.schema_watch import SchemaWatch
from fixengine.errors import (
    ImpairedError,
    RejectedError,
    SchemaError,
    SlowQueryError,
    UnavailableError,
)
from fixengine.ports.stores import Claims, OrderTable, Outbox, Retention, Schema, Stored
from fixengine.rules.halving import Tried
from fixengine.rules.pace import Pace
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef, tell
from fixengine.supervision.retries import Retries
from fixengine.telemetry.backlog import Pulse
from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.metrics.engine import EngineMetrics

CHECK_INTERVAL = 2.0

APART_WITHIN = 0.5
"""Seconds that what is refused together, orders or fills, is tried apart, while all else waits."""

_LOOK = "look"


@dataclass(frozen=True, slots=True)
class _Connect:
    """Repository → itself: reach the database and bring its schema up to date."""


@dataclass(frozen=True, slots=True)
class _Check:
    """Repository → itself: is the database still there, and how far behind are we?"""


_Write: TypeAlias = (
    StoreOrders
    | ClaimDue
    | StoreFills
    | AbandonClaim
    | TakeOverOutbox
    | GetUnpublished
    | MarkPublished
    | ForgetExecutions
    | DropParts
)


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
        pulse: Pulse,
    ) -> None:
        super().__init__()
        self._schema = SchemaWatch(schema, health)
        self._orders = orders
        self._claims = claims
        self._outbox = outbox
        self._retention = retention
        self._health = health
        self._database = DatabaseWatch(health)
        self._metrics = metrics
        self._pulse = pulse
        self._claimer: ActorRef | None = None
        self._ready = False
        self._retries = Retries(first=0.2, cap=5.0)
        self._counting = Pace(monotonic)

    def boot(self) -> None:
        self.actor_ref.tell(_Connect())

    def receive(self, message: _Connect | _Check | QueryFailed | QueryAnswered | _Write) -> Any:
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

    def _write(self, message: _Write) -> object:
        if not self._ready:
            raise UnavailableError("the database was not reached yet")
        kind = type(message).__name__
        try:
            done = self._perform(message)
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

    def _store(self, message: StoreOrders) -> Tried:
        """Store orders, and find those that the database refuses.

        At fault are only those that it refuses before and after the schema was found sound.
        """
        orders, partitions = message.orders, message.partitions
        try:
            self._orders.insert_orders(orders, partitions=partitions)
        except RejectedError:
            tried = self._orders.insert_apart(orders, partitions=partitions, within=APART_WITHIN)
        else:
            return Tried(count=len(orders))
        if not tried.refused:
            return tried
        self._schema.assert_sound()
        places = tuple(tried.refused)
        again = self._orders.insert_apart(
            tuple(orders[place] for place in places), partitions=partitions, within=APART_WITHIN
        )
        return Tried(
            count=(*places, tried.count)[again.count],
            refused={places[place]: reason for place, reason in again.refused.items()},
        )

    def _settle(self, message: StoreFills) -> Stored:
        """Store a claim's outcome, and put off what the database refuses, as `_store` finds it."""
        fills, postponed = message.fills, message.postponed
        try:
            ids = self._claims.store(fills, postponed)
        except RejectedError:
            tried = self._claims.store_apart(fills, postponed, within=APART_WITHIN)
        else:
            return Stored(ids=ids, changed=len(fills) - len(ids))
        if not tried.refused:
            return tried
        self._schema.assert_sound()
        again = self._claims.store_apart(
            tuple(fill for fill in fills if fill.execution.id in tried.refused),
            tuple(each for each in postponed if each.execution_id in tried.refused),
            within=APART_WITHIN,
        )
        if again.refused:
            versions = {fill.execution.id: fill.execution.version - 1 for fill in fills}
            versions.update((each.execution_id, each.version) for each in postponed)
            refused = {id_: versions[id_] for id_ in again.refused}
            self._claims.put_off(refused, within=APART_WITHIN)
        return Stored(
            ids=tried.ids | again.ids,
            refused=again.refused,
            changed=tried.changed + again.changed,
            left=tried.left + again.left,
        )

    def _perform(self, message: _Write) -> object:
        match message:
            case StoreOrders():
                return message.answer(self._store(message))
            case ClaimDue(limit=limit, reply_to=reply_to):
                self._claimer = reply_to
                return message.answer(self._claims.claim(limit))
            case StoreFills():
                return message.answer(self._settle(message))
            case AbandonClaim():
                self._claims.abandon()
                return None
            case TakeOverOutbox(suspects=suspects):
                return message.answer(self._outbox.take_over(suspects))
            case GetUnpublished(after=after, limit=limit, older_than=older_than):
                page = self._outbox.unpublished(after=after, limit=limit, older_than=older_than)
                return message.answer(page)
            case MarkPublished(fills=fills):
                return message.answer(self._mark(fills))
            case ForgetExecutions(after=after):
                return message.answer(self._retention.forget_executions(after=after))
            case DropParts():
                return message.answer(self._retention.drop_parts())
            case _:
                assert_never(message)

    def _mark(self, fills: tuple[tuple[int, int], ...]) -> int:
        marked = self._outbox.mark_published(fills)
        if self._claims.published(fills) and self._claimer is not None:
            tell(self._claimer, ExecutionsFreed())
        return marked

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
        self.tell_later(CHECK_INTERVAL, _Check())

    def _look(self) -> None:
        """Say whether the database is there, and how far behind the engines are."""
        try:
            self._claims.check()
            self._schema.look()
            if self._counting.due or not self._database.reached:
                self._look_at_the_backlog()
        except ImpairedError as error:
            self._failed(_LOOK, error)
        except UnavailableError as error:
            self._database.away(error)
            return
        else:
            self._worked(_LOOK)
        self._database.there()

    def _look_at_the_backlog(self) -> None:
        began = monotonic()
        try:
            backlog = self._orders.backlog(self._claims.readable_since)
        except SlowQueryError as error:
            logger.bind(reason=str(error)).debug("how far behind the engines are is not known")
            return
        finally:
            now = monotonic()
            rest = self._counting.took(now - began)
        self._pulse.saw(backlog, now=now, next_in=CHECK_INTERVAL + rest)
        self._metrics.due.set(backlog.due)
        self._metrics.oldest_due_age.set(backlog.oldest_due_age)
        self._metrics.outbox_depth.set(backlog.unpublished)
        self._metrics.numbers_left.set(backlog.numbers_left)
