"""One audit, from the settings to the verdict."""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta

from fixengine.audit.databases import Databases
from fixengine.audit.examination import Examination, Range
from fixengine.audit.judge import Judge
from fixengine.audit.output import Progress, as_json, as_text, say, verdict_as_json
from fixengine.audit.terms import Expectations
from fixengine.audit.topic import Topic
from fixengine.audit.verdict import Contradiction, Counts
from fixengine.config import Settings
from fixengine.errors import ConflictError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.group import ConsumerGroup
from fixengine.infra.kafka.keeping import Keeping, keeping
from fixengine.infra.postgres.audit_pages import audit_pages
from fixengine.rules.shards import Shard


def perform(arguments: argparse.Namespace, settings: Settings, *, pod: str) -> bool:
    """Judge, say what was found, and return whether the ledger holds."""
    judge = Judge(
        expectations=Expectations(
            complete=arguments.finished,
            all_published=arguments.finished,
            empty_fills_announced=None,
            partitions_are_fixed=False,
        )
    )
    line = as_json if arguments.json else as_text
    for contradiction in _contradictions(arguments, settings, pod, judge):
        say(line(contradiction))
    counts = judge.counts
    _assert_something_was_judged(counts, arguments, settings)
    if arguments.json:
        say(verdict_as_json(counts))
    else:
        for reason in counts.not_judged():
            say(f"not judged: {reason}")
        say(counts.summary())
    return not counts.contradictions


def _contradictions(
    arguments: argparse.Namespace, settings: Settings, pod: str, judge: Judge
) -> Iterator[Contradiction]:
    span = Range(since=arguments.since, until=arguments.until)
    progress = Progress()
    cluster = Cluster.of(settings, client_id=pod)

    def topic(name: str, variable: str, *, keeps: timedelta | None = None) -> Topic:
        return Topic(
            name,
            variable=variable,
            cluster=cluster,
            since=span.since,
            progress=progress,
            keeps=keeps,
        )

    dsns = arguments.dsn or [settings.postgres_dsn]
    shards = [Shard(number, len(dsns)) for number in range(1, len(dsns) + 1)]
    with ExitStack() as sessions:
        databases = Databases(
            [sessions.enter_context(audit_pages(dsn, application_name=pod)) for dsn in dsns]
        )
        committed = [
            ConsumerGroup(
                cluster=cluster,
                name=shard.group(settings.kafka_consumer_group),
                topic=settings.kafka_orders_topic,
            ).committed()
            for shard in shards
        ]
        set_to = _keeping(cluster, settings)
        examination = Examination(
            judge=judge,
            orders=topic(settings.kafka_orders_topic, "KAFKA_ORDERS_TOPIC"),
            fills=topic(settings.kafka_fills_topic, "KAFKA_FILLS_TOPIC"),
            letters=topic(
                settings.kafka_dlq_topic,
                "KAFKA_DLQ_TOPIC",
                keeps=set_to[settings.kafka_dlq_topic].at_least,
            ),
            databases=databases,
            committed=committed,
            span=span,
            retention_days=settings.retention_days,
            progress=progress,
        )
        yield from examination.contradictions()


def _keeping(cluster: Cluster, settings: Settings) -> Mapping[str, Keeping]:
    """Ask how the topics are set; raises ConflictError where records go that others follow."""
    topics = (settings.kafka_orders_topic, settings.kafka_fills_topic, settings.kafka_dlq_topic)
    found = keeping(cluster, topics)
    compacted = [topic for topic in topics if found[topic].compacted]
    if compacted:
        raise ConflictError(
            f"the topic {compacted[0]} is compacted, so what it lacks proves nothing: set its "
            "cleanup.policy to delete, and audit what comes from then on, by --since"
        )
    return found


def _assert_something_was_judged(
    counts: Counts, arguments: argparse.Namespace, settings: Settings
) -> None:
    """Raise ConflictError where a verdict would be one on nothing."""
    if counts.executions or counts.dead_letters or counts.contradictions:
        return
    if not (counts.orders or counts.outside):
        raise ConflictError(
            f"nothing is on {settings.kafka_orders_topic}, and nothing in the database: look at "
            "KAFKA_BROKERS, KAFKA_ORDERS_TOPIC and POSTGRES_DSN"
        )
    if arguments.since or arguments.until:
        rest = "; ".join(counts.not_judged())
        raise ConflictError(f"nothing is in range: mend --since or --until ({rest})")
