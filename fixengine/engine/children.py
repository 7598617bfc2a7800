"""The children of an engine's supervisor: its actors, in order of dependency."""

from collections.abc import Mapping
from enum import StrEnum
from functools import partial

from fixengine.actors.changing.desk import Desk
from fixengine.actors.filling.limits import FillLimits
from fixengine.actors.filling.scheduler import FillScheduler
from fixengine.actors.housekeeping import Housekeeping
from fixengine.actors.intake.intake import LEAVE_WITHIN, Intake
from fixengine.actors.intake.place import take_place
from fixengine.actors.pricing import Pricing
from fixengine.actors.publishing.dead_letters import DeadLetters
from fixengine.actors.publishing.publisher import Publisher
from fixengine.actors.reading.reader import Reader
from fixengine.actors.securities.cache import SecurityCache
from fixengine.actors.storage.limits import StorageLimits
from fixengine.actors.storage.repository import Repository
from fixengine.config import Settings
from fixengine.engine.family import Family
from fixengine.engine.parts import Parts
from fixengine.engine.stop_budget import StopBudget
from fixengine.infra.kafka.consumer.places import COMMITTED_WITHIN
from fixengine.infra.postgres.session import EngineSession
from fixengine.supervision.child import Refs, StartChild
from fixengine.supervision.refs import ActorRef
from fixengine.telemetry.health import ENGINE_NEEDS


class Child(StrEnum):
    """The actors by name, each after those that it asks."""

    REPOSITORY = "repository"
    READER_1 = "reader-1"
    READER_2 = "reader-2"
    SECURITIES = "securities"
    PRICING = "pricing"
    DEAD_LETTERS = "dead-letters"
    PUBLISHER = "publisher"
    DESK = "desk"
    SCHEDULER = "scheduler"
    INTAKE = "intake"
    HOUSEKEEPING = "housekeeping"


READERS = (Child.READER_1, Child.READER_2)

POOLED_CONNECTIONS = 1 + len(READERS)
"""One for the repository and one for each reader. The session for claims is one more, and so is
that of the desk while anybody uses it.
"""

STOP_SHARES: Mapping[Child, float] = {
    Child.REPOSITORY: 0.5,
    Child.READER_1: 0.25,
    Child.READER_2: 0.25,
    Child.SECURITIES: 0.2,
    Child.PRICING: 0.2,
    Child.DEAD_LETTERS: 0.2,
    Child.PUBLISHER: 1.6,
    Child.DESK: 0.2,
    Child.SCHEDULER: 1.3,
    Child.INTAKE: 2.3,
    Child.HOUSEKEEPING: 0.2,
}
"""Seconds for each actor to stop, in reverse order. What one leaves is for those after it."""

STOP_BUDGET = StopBudget(actors=sum(STOP_SHARES.values()))
"""The time of an engine's stop."""

# what an actor does at its end fits its share
assert STOP_SHARES[Child.INTAKE] > LEAVE_WITHIN
assert STOP_SHARES[Child.INTAKE] > COMMITTED_WITHIN
assert Intake.closes_within < STOP_SHARES[Child.INTAKE]
assert Publisher.closes_within < STOP_SHARES[Child.PUBLISHER]


class Children(Family):
    """Makes the actors from an engine's parts."""

    def __init__(
        self,
        settings: Settings,
        parts: Parts,
        *,
        hung_after: float,
        storage: StorageLimits,
        filling: FillLimits,
    ) -> None:
        self._settings = settings
        self._parts = parts
        self._storage = storage
        self._filling = filling
        self._session: EngineSession | None = None  # of the present repository
        super().__init__(
            self._starts(),
            stop_shares=STOP_SHARES,
            needs=ENGINE_NEEDS,
            up=parts.metrics.up,
            hung_after=hung_after,
        )

    def _starts(self) -> Mapping[Child, StartChild]:
        """List the children in order of dependency."""
        starts = {
            Child.REPOSITORY: self._repository,
            **dict.fromkeys(READERS, self._reader),
            Child.SECURITIES: self._securities,
            Child.PRICING: self._pricing,
            Child.DEAD_LETTERS: self._dead_letters,
            Child.PUBLISHER: self._publisher,
            Child.DESK: self._desk,
            Child.SCHEDULER: self._scheduler,
            Child.INTAKE: self._intake,
        }
        if self._settings.retention_days is not None:
            starts[Child.HOUSEKEEPING] = self._housekeeping
        return starts

    def _repository(self, _refs: Refs) -> ActorRef:
        parts = self._parts
        self._session = session = parts.session()
        return Repository.start(
            schema=parts.schema(migrates=self._schema_migrates, mends=self._schema_mends),
            orders=parts.executions,
            claims=parts.claims(session),
            outbox=parts.outbox(session),
            retention=parts.retention(),
            health=self.health,
            metrics=parts.metrics,
            recent_backlog=parts.recent_backlog,
            limits=self._storage,
        )

    def _reader(self, refs: Refs) -> ActorRef:
        return Reader.start(
            executions=self._parts.queries(),
            lag=self._parts.lag(),
            repository=refs[Child.REPOSITORY],
            health=self.health,
        )

    def _securities(self, _refs: Refs) -> ActorRef:
        return SecurityCache.start(
            service=self._parts.security_service(),
            health=self.health,
            metrics=self._parts.metrics,
        )

    def _pricing(self, _refs: Refs) -> ActorRef:
        return Pricing.start(service=self._parts.pricing_service(), metrics=self._parts.metrics)

    def _dead_letters(self, _refs: Refs) -> ActorRef:
        return DeadLetters.start(
            sink=self._parts.letters_sink(),
            originals=self._parts.tail(self._settings.kafka_orders_topic),
            health=self.health,
            metrics=self._parts.metrics,
            topic=self._settings.kafka_dlq_topic,
        )

    def _publisher(self, refs: Refs) -> ActorRef:
        settings = self._settings
        return Publisher.start(
            sink=self._parts.fills_sink(),
            tail=self._parts.tail(settings.kafka_fills_topic),
            repository=refs[Child.REPOSITORY],
            dead_letters=refs[Child.DEAD_LETTERS],
            health=self.health,
            metrics=self._parts.metrics,
            fills_topic=settings.kafka_fills_topic,
            dlq_topic=settings.kafka_dlq_topic,
            settled=self._parts.producers.settled,
        )

    def _desk(self, refs: Refs) -> ActorRef:
        assert self._session is not None, "the repository is started before"
        return Desk.start(
            changes=self._parts.changes(self._session),
            publisher=refs[Child.PUBLISHER],
            metrics=self._parts.metrics,
            rules=self._settings.fill_rules,
            tracer=self._parts.tracer,
        )

    def _scheduler(self, refs: Refs) -> ActorRef:
        settings = self._settings
        return FillScheduler.start(
            repository=refs[Child.REPOSITORY],
            pricing=refs[Child.PRICING],
            publisher=refs[Child.PUBLISHER],
            health=self.health,
            metrics=self._parts.metrics,
            rules=settings.fill_rules,
            seed=settings.fill_seed,
            interval=settings.fill_processing_interval_seconds,
            shortest=min(settings.fill_delay_first_seconds, settings.fill_delay_min_seconds),
            limits=self._filling,
            tracer=self._parts.tracer,
        )

    def _intake(self, refs: Refs) -> ActorRef:
        settings = self._settings
        return Intake.start(
            source=self._parts.orders(partial(take_place, refs[Child.REPOSITORY])),
            repository=refs[Child.REPOSITORY],
            securities=refs[Child.SECURITIES],
            dead_letters=refs[Child.DEAD_LETTERS],
            scheduler=refs[Child.SCHEDULER],
            health=self.health,
            metrics=self._parts.consumer_metrics,
            shard=settings.order_shard,
            first_fill_delay=settings.fill_delay_first_seconds,
            pause_per_order=settings.order_intake_sleep_seconds,
            tracer=self._parts.tracer,
        )

    def _housekeeping(self, refs: Refs) -> ActorRef:
        return Housekeeping.start(repository=refs[Child.REPOSITORY], metrics=self._parts.metrics)
