"""The parts of an engine: its settings become connections, tables, topics and measurements."""

from collections.abc import Callable

from fixengine.actors.reading.overdue_statement import FOUND_OUT_WITHIN
from fixengine.actors.reading.reader_pool import ANSWER_WITHIN
from fixengine.config import Settings
from fixengine.engine.exports import span_export
from fixengine.engine.process_parts import ProcessParts
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.consumer.place_search import TakePlace
from fixengine.infra.kafka.consumer.source import KafkaSource
from fixengine.infra.kafka.lag import KafkaLag
from fixengine.infra.kafka.producer.producers import Producers
from fixengine.infra.kafka.producer.sink import KafkaSink
from fixengine.infra.kafka.producer.topics import WantedTopic
from fixengine.infra.kafka.tail import KafkaTail
from fixengine.infra.lease import Lease
from fixengine.infra.postgres.changes import PostgresChanges
from fixengine.infra.postgres.claims import PostgresClaims
from fixengine.infra.postgres.executions import PostgresExecutions
from fixengine.infra.postgres.outbox import PostgresOutbox
from fixengine.infra.postgres.rest_queries import PostgresQueries
from fixengine.infra.postgres.retention import PostgresRetention
from fixengine.infra.postgres.schema.schema import PostgresSchema
from fixengine.infra.postgres.session import EngineSession
from fixengine.infra.services.neighbours import PricingClient
from fixengine.supervision.mailbox import unhurried
from fixengine.telemetry.backlog import RecentBacklog
from fixengine.telemetry.metrics.consumer import ConsumerMetrics
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.telemetry.tracing import UNTRACED, SamplingTracer

FILLS_PARTITIONS = 20


class Parts(ProcessParts[EngineMetrics]):
    """The parts of an engine; each of the `readers` has a connection."""

    def __init__(self, settings: Settings, *, pod: str, readers: int) -> None:
        super().__init__(settings, pod=pod, metrics=EngineMetrics)
        self._kafka = Cluster.of(settings, client_id=pod)
        self.database = self._new_database(max_connections=1, grace=FOUND_OUT_WITHIN)
        self.readers_database = self._new_database(
            max_connections=readers, statement_limit=ANSWER_WITHIN
        )
        self._databases += [self.database, self.readers_database]
        self.executions = PostgresExecutions(
            self.database, first_fill_delay=settings.fill_delay_first_seconds
        )
        self.consumer_metrics = ConsumerMetrics(
            self.registry, group=settings.orders_group, topic=settings.kafka_orders_topic
        )
        self.recent_backlog = RecentBacklog()
        self._lease = Lease()
        self.producers = Producers(self._lease)
        spans = span_export(settings)
        self.tracer = UNTRACED if spans is None else SamplingTracer(settings.sampler, spans.take)
        if spans is not None:
            self._exports.append(spans)

    def start(self) -> None:
        """Begin to watch producers, too."""
        super().start()
        self.producers.start()

    @property
    def endings(self) -> tuple[Callable[[float], object], ...]:
        """What ends each of them, as it says there."""
        return (*super().endings, self.producers.stop)

    def session(self) -> EngineSession:
        """Return a session with the database, by which other engines know this one."""
        return EngineSession(self.database, self._lease)

    def claims(self, session: EngineSession) -> PostgresClaims:
        """Return what claims executions in that session."""
        return PostgresClaims(session)

    def outbox(self, session: EngineSession) -> PostgresOutbox:
        """Return the outbox of the fills that are stored in that session."""
        return PostgresOutbox(self.database, session)

    def changes(self, session: EngineSession) -> PostgresChanges:
        """Return what changes executions, under the number of that session."""
        return PostgresChanges(self.database, session)

    def retention(self) -> PostgresRetention:
        """Return what deletes old executions."""
        return PostgresRetention(self.database, days=self._settings.retention_days)

    def schema(
        self, *, migrates: Callable[[str], object], mends: Callable[[str], object]
    ) -> PostgresSchema:
        """Return the schema; it says what it does while that takes long."""
        return PostgresSchema(
            self.database,
            self.readers_database,
            shard=self._settings.order_shard,
            forgets=self._settings.retention_days is not None,
            unhurried=unhurried,
            migrates=migrates,
            mends=mends,
        )

    def queries(self) -> PostgresQueries:
        """Return the queries of REST."""
        return PostgresQueries(self.readers_database)

    def lag(self) -> KafkaLag:
        """Return what measures the lag of the consumer group."""
        settings = self._settings
        return KafkaLag(
            cluster=self._kafka,
            group=settings.orders_group,
            topic=settings.kafka_orders_topic,
        )

    def pricing_service(self) -> PricingClient:
        """Return a client of pricing-service."""
        return PricingClient(url=self._settings.pricing_svc_url)

    def orders(self, take_place: TakePlace) -> KafkaSource:
        """Return a member of the consumer group, which has not joined yet."""
        settings = self._settings
        return KafkaSource(
            cluster=self._kafka,
            group=settings.orders_group,
            topic=settings.kafka_orders_topic,
            take_place=take_place,
        )

    def fills_sink(self) -> KafkaSink:
        """Return a producer of fills, which makes the topics that are missing."""
        settings = self._settings
        fills, dlq = settings.kafka_fills_topic, settings.kafka_dlq_topic
        replicas = settings.kafka_replication_factor
        return KafkaSink(
            cluster=self._kafka,
            topics=(
                WantedTopic(name=fills, partitions=FILLS_PARTITIONS, replication_factor=replicas),
                WantedTopic(name=dlq, partitions=1, replication_factor=replicas, large=True),
            ),
            producers=self.producers,
        )

    def letters_sink(self) -> KafkaSink:
        """Return a producer of dead letters."""
        return KafkaSink(cluster=self._kafka, of_letters=True)

    def tail(self, topic: str) -> KafkaTail:
        """Return what looks at the end of a topic."""
        return KafkaTail(cluster=self._kafka, topic=topic)
