"""The `audit` subcommand: judges what engines have left in the database and on the topics."""

import argparse
import sys
from collections.abc import Iterator
from time import monotonic

import msgspec

from fixengine.audit.examination import Examination, Range
from fixengine.audit.judge import Judge
from fixengine.audit.terms import Expectations
from fixengine.audit.topic import Topic
from fixengine.audit.verdict import Contradiction
from fixengine.commands.argument_types import moment
from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import INTERRUPTED
from fixengine.config import Settings
from fixengine.errors import ConflictError, FixengineError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.kafka.group import committed
from fixengine.infra.postgres.audit_pages import audit_pages
from fixengine.infra.process.interrupts import signals_as_interrupts

_HOLDS, _CONTRADICTED, _IMPOSSIBLE = 0, 1, 2
_QUIET_FOR = 2.0  # seconds between lines of progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to the subcommand's parser."""
    parser.add_argument(
        "--since",
        type=moment,
        metavar="TIME",
        help="executions stored at that time or later, as 2026-07-28T09:30:00Z (default: all)",
    )
    parser.add_argument(
        "--until", type=moment, metavar="TIME", help="executions stored before (default: all)"
    )
    parser.add_argument(
        "--finished",
        action="store_true",
        help="the run is over: every order is filled, and every fill published",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="a JSON object for each contradiction and for the verdict, one a line",
    )


def run(arguments: argparse.Namespace, environment: Environment) -> int:
    """Audit and return 0 if the ledger holds, 1 if not, 2 if that can't be said."""
    settings = environment.settings()
    try:
        with signals_as_interrupts():
            return _audit(arguments, settings, environment.pod)
    except FixengineError as error:
        _complain(f"the audit can't be done: {error}")
        return _IMPOSSIBLE
    except KeyboardInterrupt:
        _complain("the audit was interrupted: nothing is proved")
        return INTERRUPTED


def _audit(arguments: argparse.Namespace, settings: Settings, pod: str) -> int:
    span = Range(since=arguments.since, until=arguments.until)
    judge = Judge(
        expectations=Expectations(
            complete=arguments.finished,
            all_published=arguments.finished,
            empty_fills_announced=None,
        )
    )
    progress = _Progress()
    cluster = Cluster.of(settings, client_id=pod)

    def topic(name: str, variable: str) -> Topic:
        return Topic(
            name,
            variable=variable,
            cluster=cluster,
            since=span.since,
            progress=progress,
        )

    say = _as_json if arguments.json else _as_text
    with audit_pages(settings.postgres_dsn, application_name=pod) as pages:
        facts = pages.facts()
        examination = Examination(
            judge=judge,
            orders=topic(settings.kafka_orders_topic, "KAFKA_ORDERS_TOPIC"),
            fills=topic(settings.kafka_fills_topic, "KAFKA_FILLS_TOPIC"),
            letters=topic(settings.kafka_dlq_topic, "KAFKA_DLQ_TOPIC"),
            pages=pages,
            facts=facts,
            committed=committed(
                cluster, group=settings.kafka_consumer_group, topic=settings.kafka_orders_topic
            ),
            span=span,
            retention_days=settings.retention_days,
            progress=progress,
        )
        for contradiction in examination.contradictions():
            sys.stdout.write(f"{say(contradiction)}\n")
    counts = judge.counts
    if not (counts.orders or counts.executions or counts.dead_letters):
        raise ConflictError(
            f"nothing is on {settings.kafka_orders_topic}, and nothing in the database: look at "
            "KAFKA_BROKERS, KAFKA_ORDERS_TOPIC and POSTGRES_DSN"
        )
    if arguments.json:
        verdict = {"holds": not counts.contradictions, **counts.as_dict()}
        sys.stdout.write(f"{msgspec.json.encode(verdict).decode()}\n")
    else:
        sys.stdout.writelines(f"not judged: {line}\n" for line in counts.not_judged())
        sys.stdout.write(f"{counts.summary()}\n")
    return _CONTRADICTED if counts.contradictions else _HOLDS


def _as_text(contradiction: Contradiction) -> str:
    where = "; ".join(f"{name} {places}" for name, places in contradiction.evidence())
    return f"{contradiction.kind}: {contradiction}{f' ({where})' if where else ''}"


def _as_json(contradiction: Contradiction) -> str:
    places = {name: [*places] for name, places in _places(contradiction)}
    said = {"kind": contradiction.kind, "order": contradiction.order, "said": str(contradiction)}
    executions = {"executions": contradiction.executions}
    return msgspec.json.encode({**said, **executions, **places}).decode()


def _places(contradiction: Contradiction) -> Iterator[tuple[str, Iterator[str]]]:
    for name in ("orders", "fills", "letters"):
        yield name, map(str, getattr(contradiction, name))


class _Progress:
    """Says on standard error how far the audit has come, now and then."""

    def __init__(self) -> None:
        self._next = monotonic() + _QUIET_FOR

    def __call__(self, what: str, count: int) -> None:
        if monotonic() >= self._next:
            _complain(f"{count} {what}")
            self._next = monotonic() + _QUIET_FOR


def _complain(line: str) -> None:
    sys.stderr.write(f"fixengine: {line}\n")
    sys.stderr.flush()
