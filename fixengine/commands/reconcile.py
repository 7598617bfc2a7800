"""The `reconcile` subcommand: brings a restored database forward to what the topics have had."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from fixengine.commands.argument_types import moment
from fixengine.commands.database import open_database
from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import OK
from fixengine.config import Settings
from fixengine.errors import MalformedError
from fixengine.infra.kafka.cluster import BROKER_ANSWERS_WITHIN, Cluster
from fixengine.infra.kafka.group import ConsumerGroup
from fixengine.infra.kafka.look import read_to_the_end
from fixengine.infra.kafka.tail import KafkaTail
from fixengine.infra.postgres.reconcile import Reconciliation, reconcile
from fixengine.infra.postgres.schema.migrate import assert_current
from fixengine.infra.postgres.schema.numbers import assert_of
from fixengine.ports.kafka import EVER
from fixengine.rules.shards import Shard
from fixengine.rules.values import Execution, Order
from fixengine.wire.executions import decode_execution
from fixengine.wire.orders import decode_order


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to the subcommand's parser."""
    parser.add_argument(
        "--since",
        type=moment,
        default=EVER,
        metavar="TIME",
        help="not after the backup, as 2026-07-28T09:30:00Z (default: read the topics whole)",
    )
    parser.add_argument(
        "--apply", action="store_true", help="do it; without this it only says what it would do"
    )


def run(arguments: argparse.Namespace, environment: Environment) -> int:
    """Reconcile, and print what was changed, or would be without `--apply`."""
    settings = environment.settings()
    done = reconcile_once(
        settings, pod=environment.pod, since=arguments.since, apply=arguments.apply
    )
    print(f"{done.database.messages} messages of fills read")
    print(f"{done.database.executions_restored} executions restored")
    print(f"{done.database.executions_moved_on} executions moved on")
    print(f"{done.database.fills_restored} fills restored to the ledger")
    print(f"{done.database.changes_restored} changes restored")
    print(f"{done.database.outbox_rows_removed} fills found published")
    print(f"{done.orders_read_again} orders to be read again")
    if not arguments.apply:
        print("nothing was changed: add --apply")
    return OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What was, or would be, changed in the database, and how many orders are read again."""

    database: Reconciliation
    orders_read_again: int


def reconcile_once(settings: Settings, *, pod: str, since: datetime, apply: bool) -> Reconciled:
    """Bring a restored database forward to what the topics have had since then.

    Changes nothing without `apply`. Raises ConflictError while engines run, SchemaError, and
    UnavailableError when the database or the broker does not answer.
    """
    cluster = Cluster.of(settings, client_id=pod)
    group = ConsumerGroup(
        cluster=cluster, name=settings.orders_group, topic=settings.kafka_orders_topic
    )
    group.assert_deserted()
    fills = KafkaTail(cluster=cluster, topic=settings.kafka_fills_topic)
    orders = KafkaTail(cluster=cluster, topic=settings.kafka_orders_topic)
    with open_database(settings, pod=pod) as connection:
        assert_current(connection)
        assert_of(connection, settings.order_shard)
        database = reconcile(
            connection,
            _executions(fills, since, settings.order_shard),
            _orders(orders, since, settings.order_shard),
            apply=apply,
        )
    again = group.rewind(since, apply=apply)
    return Reconciled(database=database, orders_read_again=again)


def _executions(tail: KafkaTail, since: datetime, shard: Shard) -> Iterator[Execution]:
    for record in read_to_the_end(tail.look(since, timeout=BROKER_ANSWERS_WITHIN)):
        execution = decode_execution(record.value or b"")
        if execution is not None and shard.has(execution.execution_service_id):
            yield execution


def _orders(tail: KafkaTail, since: datetime, shard: Shard) -> Iterator[Order]:
    for record in read_to_the_end(tail.look(since, timeout=BROKER_ANSWERS_WITHIN)):
        try:
            order = decode_order(record.value)
        except MalformedError:  # a dead letter, no execution is of it
            continue
        if shard.has(order.id):
            yield order
