"""The composition root: settings become parts, and parts become the actors of one engine."""

from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING

import pykka
from prometheus_client import CollectorRegistry, ProcessCollector

from fixengine.actors.filling.limits import LIMITS, FillLimits
from fixengine.actors.filling.scheduler import FillScheduler
from fixengine.actors.housekeeping import Housekeeping
from fixengine.actors.intake.intake import Intake
from fixengine.actors.pricing import Pricing
from fixengine.actors.publishing.dead_letters import DeadLetters
from fixengine.actors.publishing.publisher import Publisher
from fixengine.actors.reading.hold_up import FOUND_OUT_WITHIN
from fixengine.actors.reading.overviews import Overviews
from fixengine.actors.reading.reader import Reader
from fixengine.actors.reading.reader_pool import ANSWER_WITHIN, ReaderPool
from fixengine.actors.securities import SecurityCache
from fixengine.actors.storage.limits import StorageLimits
from fixengine.actors.storage.repository import Repository
from fixengine.config import Settings
from fixengine.errors import UnavailableError
from fixengine.http.app import probe_app, rest_app
from fixengine.http.serving.server import Server
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.consumer.source import KafkaSource
from fixengine.infra.kafka.lag import KafkaLag
from fixengine.infra.kafka.producers import Producers
from fixengine.infra.kafka.sink import KafkaSink
from fixengine.infra.kafka.tail import KafkaTail
from fixengine.infra.kafka.topics import Topic
from fixengine.infra.lease import Lease
from fixengine.infra.postgres.claims import PostgresClaims
from fixengine.infra.postgres.driver.connections import Database
from fixengine.infra.postgres.executions import PostgresExecutions
from fixengine.infra.postgres.outbox import PostgresOutbox
from fixengine.infra.postgres.rest_queries import PostgresQueries
from fixengine.infra.postgres.retention import PostgresRetention
from fixengine.infra.postgres.schema.schema import PostgresSchema
from fixengine.infra.postgres.session import EngineSession
from fixengine.infra.process.log_lines import PATIENCE
from fixengine.infra.process.logs import LAST_WORDS, log_lines
from fixengine.infra.services.neighbours import PricingClient, SecurityClient
from fixengine.recurring import end_counts
from fixengine.rules.fills import FillRules
from fixengine.supervision.children import ChildSpec
from fixengine.supervision.lifecycle import Shutdown, StartChildren
from fixengine.supervision.mailbox import unhurried
from fixengine.supervision.refs import ActorRef, ask
from fixengine.supervision.restarts import Backoff, RestartBudget, RestartIntensity
from fixengine.supervision.supervisor import Supervisor
from fixengine.supervision.tree import Tree
from fixengine.telemetry.backlog import Pulse
from fixengine.telemetry.health import HUNG_AFTER, Health, Part
from fixengine.telemetry.metrics.actors import ActorCollector
from fixengine.telemetry.metrics.consumer import ConsumerMetrics
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.telemetry.metrics.http import HttpMetrics
from fixengine.telemetry.tracing import UNTRACED, SamplingTracer

if TYPE_CHECKING:
    from fixengine.infra.otlp.metrics import MetricExport
    from fixengine.infra.otlp.traces import SpanExport

FILLS_PARTITIONS = 20
READERS = ("reader-1", "reader-2")
POOLED_CONNECTIONS = 1 + len(READERS)
"""One for the repository and one for each reader; its claim session is one more."""

STOP_WITHIN = 9.5
"""Seconds from the order to stop to the end of the process; the pod is given ten."""

STOP_SHARES = {
    "repository": 0.5,
    **dict.fromkeys(READERS, 0.3),
    "securities": 0.2,
    "pricing": 0.2,
    "dead-letters": 0.2,
    "publisher": 1.6,
    "scheduler": 1.3,
    "intake": 2.3,
    "housekeeping": 0.2,
}
"""Seconds for each actor, which stop in reverse. What one leaves is for those after it."""

DRAIN_WITHIN = sum(STOP_SHARES.values())

CLOSE_WITHIN = 1.2
"""Seconds for all that is no actor: servers, exports and connections end together."""

_SLACK = 0.3  # seconds for the supervisor to say how it went

assert PATIENCE + DRAIN_WITHIN + _SLACK + CLOSE_WITHIN + LAST_WORDS <= STOP_WITHIN

_REST_THREADS = 16  # as many questions as are answered together, at the most
_ANSWER_WITHIN = 0.7  # seconds for requests that are under way when the servers end
_BOOT_TIMEOUT = 10.0

Refs = Mapping[str, ActorRef]


class Engine:
    """One engine: everything between its settings and its threads.

    `on_failure` is called with a sentence when the actors are beyond help. An actor that is at
    one message for `hung_after` seconds makes /healthz say so.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        pod: str,
        on_failure: Callable[[str], object],
        hung_after: float = HUNG_AFTER,
        storage: StorageLimits | None = None,
        filling: FillLimits = LIMITS,
    ) -> None:
        self._settings = settings
        self._kafka = Cluster.of(settings, client_id=pod)
        self._storage = storage
        self._on_failure = on_failure
        self._database = Database(
            dsn=settings.postgres_dsn,
            application_name=pod,
            max_connections=1,
            grace=FOUND_OUT_WITHIN,
        )
        self._readers_database = Database(
            dsn=settings.postgres_dsn,
            application_name=pod,
            max_connections=len(READERS),
            statement_limit=ANSWER_WITHIN,
        )
        self._executions = PostgresExecutions(
            self._database, first_fill_delay=settings.fill_delay_first_seconds
        )
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._metrics = EngineMetrics(registry)
        log_lines.watch(on_lost=self._metrics.log_lines_lost.inc)
        self._consumer_metrics = ConsumerMetrics(
            registry, group=settings.kafka_consumer_group, topic=settings.kafka_orders_topic
        )
        self.tree = Tree(self._specs())
        self._filling = filling
        self.health = Health(gauge=self._metrics.up, tree=self.tree, hung_after=hung_after)
        registry.register(ActorCollector(self.tree))
        self._pulse = Pulse()
        self._lease = Lease()
        self._producers = Producers(self._lease)
        readers = ReaderPool(READERS, self.tree.ref)
        self._rest = Server(
            rest_app(
                executions=readers,
                overviews=Overviews(readers=readers, pulse=self._pulse),
                probes=self.health,
                registry=registry,
                metrics=HttpMetrics(registry),
            ),
            port=settings.http_port,
            prefix=settings.http_prefix,
            name="rest",
            threads=_REST_THREADS,
        )
        self._probes = Server(
            probe_app(probes=self.health, registry=registry),
            port=settings.health_port,
            name="probes",
            threads=2,
        )
        spans = _span_export(settings)
        self._tracer = (
            UNTRACED if spans is None else SamplingTracer(settings.sampler, spans.take, spans.enter)
        )
        self._exports = [
            export for export in (_metric_export(settings, registry), spans) if export is not None
        ]
        self._supervisor: ActorRef | None = None

    def start(self) -> pykka.Future[None]:
        """Start the servers and the actors; returns at once, health tells how it goes.

        The future is set when all actors have booted, or raises StartError. Raises OSError when
        a port is taken.
        """
        self._probes.start()
        self._rest.start()
        for export in self._exports:
            export.start()  # statements of connections made from now on write spans
        self._database.open()
        self._readers_database.open()
        self._producers.start()
        budget = RestartBudget(
            intensity=RestartIntensity(max_restarts=10, period=60),
            backoff=Backoff(first=0.1, cap=5.0),
            clock=monotonic,
            rng=Random(),  # noqa: S311 - jitter
        )
        self._supervisor = Supervisor.start(
            tree=self.tree, budget=budget, on_escalation=self._on_failure
        )
        return ask(self._supervisor, StartChildren(), timeout=5)

    def stop(self) -> tuple[str, ...]:
        """Drain and stop, within STOP_WITHIN; returns the names of actors that would not."""
        self.health.drain()
        stuck: tuple[str, ...] = ()
        if self._supervisor is not None:
            until = monotonic() + DRAIN_WITHIN + _SLACK
            try:
                order = Shutdown(within=DRAIN_WITHIN)
                stuck = ask(self._supervisor, order, timeout=until - monotonic())
                self._supervisor.stop(timeout=max(until - monotonic(), 0))
            except (UnavailableError, pykka.Timeout):
                stuck = ("supervisor",)
        self._close_the_rest()
        end_counts()
        return stuck

    def _close_the_rest(self) -> None:
        """End what needs no order, all at the same time: any of it may wait for someone outside."""
        endings: tuple[Callable[[], object], ...] = (
            *(export.stop for export in self._exports),
            partial(self._rest.stop, _ANSWER_WITHIN),
            partial(self._probes.stop, _ANSWER_WITHIN),
            self._producers.stop,
            self._readers_database.close,
            self._database.close,
        )
        until = monotonic() + CLOSE_WITHIN
        threads = [Thread(target=end, name="ending", daemon=True) for end in endings]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(until - monotonic(), 0))

    def _specs(self) -> tuple[ChildSpec, ...]:
        """List the children in order of dependency."""
        keeps_all = self._settings.retention_days is None
        housekeeping = [] if keeps_all else [("housekeeping", self._housekeeping)]
        return tuple(
            ChildSpec(
                name=name,
                start=start,
                boot_timeout=_BOOT_TIMEOUT,
                stop_timeout=STOP_SHARES[name],
            )
            for name, start in (
                ("repository", self._repository),
                *((name, self._reader) for name in READERS),
                ("securities", self._securities),
                ("pricing", self._pricing),
                ("dead-letters", self._dead_letters),
                ("publisher", self._publisher),
                ("scheduler", self._scheduler),
                ("intake", self._intake),
                *housekeeping,
            )
        )

    def _repository(self, _refs: Refs) -> ActorRef:
        session = EngineSession(self._database, self._lease)
        return Repository.start(
            schema=PostgresSchema(
                self._database,
                self._readers_database,
                forgets=self._settings.retention_days is not None,
                unhurried=unhurried,
                migrates=self._migrates,
                mends=partial(self.health.waits, Part.SCHEMA),
            ),
            orders=self._executions,
            claims=PostgresClaims(session),
            outbox=PostgresOutbox(self._database, session),
            retention=PostgresRetention(self._database, days=self._settings.retention_days),
            health=self.health,
            metrics=self._metrics,
            pulse=self._pulse,
            limits=self._storage,
        )

    def _migrates(self, what: str) -> None:
        self.health.down(Part.SCHEMA, what)
        self.health.up(Part.DATABASE)

    def _reader(self, refs: Refs) -> ActorRef:
        settings = self._settings
        lag = KafkaLag(
            cluster=self._kafka,
            group=settings.kafka_consumer_group,
            topic=settings.kafka_orders_topic,
        )
        return Reader.start(
            executions=PostgresQueries(self._readers_database),
            lag=lag,
            repository=refs["repository"],
            health=self.health,
        )

    def _securities(self, _refs: Refs) -> ActorRef:
        return SecurityCache.start(
            service=SecurityClient(url=self._settings.security_svc_url),
            health=self.health,
            metrics=self._metrics,
        )

    def _pricing(self, _refs: Refs) -> ActorRef:
        return Pricing.start(
            service=PricingClient(url=self._settings.pricing_svc_url), metrics=self._metrics
        )

    def _dead_letters(self, _refs: Refs) -> ActorRef:
        settings = self._settings
        return DeadLetters.start(
            sink=KafkaSink(cluster=self._kafka, of_letters=True),
            originals=self._tail(settings.kafka_orders_topic),
            health=self.health,
            metrics=self._metrics,
            topic=settings.kafka_dlq_topic,
        )

    def _publisher(self, refs: Refs) -> ActorRef:
        settings = self._settings
        replicas = settings.kafka_replication_factor
        fills, dlq = settings.kafka_fills_topic, settings.kafka_dlq_topic
        sink = KafkaSink(
            cluster=self._kafka,
            topics=(
                Topic(name=fills, partitions=FILLS_PARTITIONS, replication_factor=replicas),
                Topic(name=dlq, partitions=1, replication_factor=replicas, large=True),
            ),
            producers=self._producers,
        )
        return Publisher.start(
            sink=sink,
            tail=self._tail(fills),
            repository=refs["repository"],
            dead_letters=refs["dead-letters"],
            health=self.health,
            metrics=self._metrics,
            fills_topic=fills,
            dlq_topic=dlq,
            settled=self._producers.settled,
        )

    def _scheduler(self, refs: Refs) -> ActorRef:
        settings = self._settings
        return FillScheduler.start(
            repository=refs["repository"],
            pricing=refs["pricing"],
            publisher=refs["publisher"],
            health=self.health,
            metrics=self._metrics,
            rules=FillRules(
                delay_min=settings.fill_delay_min_seconds,
                delay_max=settings.fill_delay_max_seconds,
                announce_empty=settings.publish_empty_fills,
            ),
            seed=settings.fill_seed,
            interval=settings.fill_processing_interval_seconds,
            limits=self._filling,
            tracer=self._tracer,
        )

    def _intake(self, refs: Refs) -> ActorRef:
        settings = self._settings
        source = KafkaSource(
            cluster=self._kafka,
            group=settings.kafka_consumer_group,
            topic=settings.kafka_orders_topic,
        )
        return Intake.start(
            source=source,
            repository=refs["repository"],
            securities=refs["securities"],
            dead_letters=refs["dead-letters"],
            scheduler=refs["scheduler"],
            health=self.health,
            metrics=self._consumer_metrics,
            first_fill_delay=settings.fill_delay_first_seconds,
            pause_per_order=settings.order_intake_sleep_seconds,
            tracer=self._tracer,
        )

    def _housekeeping(self, refs: Refs) -> ActorRef:
        return Housekeeping.start(repository=refs["repository"], metrics=self._metrics)

    def _tail(self, topic: str) -> KafkaTail:
        return KafkaTail(cluster=self._kafka, topic=topic)


def _metric_export(settings: Settings, registry: CollectorRegistry) -> "MetricExport | None":
    if settings.metric_collector is None:
        return None
    # 15 MB that an engine without a collector does without
    from fixengine.infra.otlp.metrics import MetricExport  # noqa: PLC0415

    return MetricExport(
        registry,
        collector=settings.metric_collector,
        interval=settings.otel_metric_interval_seconds,
        resource=settings.otel_resource,
    )


def _span_export(settings: Settings) -> "SpanExport | None":
    if settings.trace_collector is None:
        return None
    # as above
    from fixengine.infra.otlp.traces import SpanExport  # noqa: PLC0415

    return SpanExport(collector=settings.trace_collector, resource=settings.otel_resource)
