"""A backup is restored, and the topics know more than it does."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import psycopg
import pytest
from psycopg import sql

from fixengine.commands.reconcile import Reconciled, reconcile_once
from fixengine.config import load
from fixengine.demo.audit.report import Expectations
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from fixengine.engine.engine import Engine
from fixengine.errors import ConflictError, SchemaError, UnavailableError
from fixengine.infra.kafka.consumer.source import KafkaSource
from fixengine.infra.kafka.group import ConsumerGroup
from fixengine.infra.postgres.driver.connections import open_session
from fixengine.infra.postgres.schema.migrate import assert_current
from fixengine.rules.changes import ChangeRequest
from fixengine.rules.values import ChangeKind
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.feed.mixed import varied_orders
from tests.support.kafka.clusters import NOWHERE, cluster
from tests.support.rows import one

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def fed() -> tuple[FedOrder, ...]:
    return tuple(islice(varied_orders(seed=11), 300))


@pytest.fixture
def restored(
    around: Surroundings, fed: tuple[FedOrder, ...], postgres: Postgres
) -> Iterator[Surroundings]:
    """The same surroundings with the database as it was half-way, when half the orders were in."""
    name = f"{psycopg.conninfo.conninfo_to_dict(around.dsn)['dbname']}_backup"
    run(around, fed[:150], fills=200)
    administer(postgres, "create database {} template {}", name, str(name).removesuffix("_backup"))
    run(around, fed[150:], fills=600, changing=True)
    yield replace(around, dsn=postgres.dsn_of(name))
    administer(postgres, "drop database {} with (force)", name)


def administer(postgres: Postgres, statement: str, *names: str) -> None:
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def run(
    around: Surroundings, fed: tuple[FedOrder, ...], *, fills: int, changing: bool = False
) -> None:
    """Let an engine fill for a while, and customers change their minds; drain it."""
    with around.engine(FILL_DELAY_MAX="1", OPERATOR_TOKEN="a-token-for-operators") as engine:
        wait_until_ready(engine)
        around.send(*fed)
        around.wait_for_more("fill", fills)
        if changing:
            change_some(engine, around.dsn)
            wait_until(lambda: not around.count("outbox"), 60, "all to be published")
    wait_until(lambda: deserted(around), 60, "the group to notice")


def change_some(engine: Engine, dsn: str) -> None:
    """Let customers change what is partly filled; some may be filled meanwhile."""
    with psycopg.connect(dsn) as connection:
        filled = connection.execute(
            "select id, quantity_filled from execution where is_open and quantity_filled > 0 "
            "order by id desc limit 30"
        ).fetchall()
    for number, (execution_id, so_far) in enumerate(filled):
        if number % 3:
            terms: dict[str, Any] = {"quantity": so_far + number * 100, "limit_price": None}
            engine.desk.change(
                ChangeRequest(execution_id=execution_id, kind=ChangeKind.REPLACE, **terms)
            )
        if number % 3 < 2:
            engine.desk.change(ChangeRequest(execution_id=execution_id, kind=ChangeKind.CANCEL))
    assert one(dsn, "select count(distinct kind) from change") == 2


def deserted(around: Surroundings) -> bool:
    try:
        ConsumerGroup(
            cluster=cluster(around.broker), name=around.topics.group, topic=around.topics.orders
        ).assert_deserted()
    except ConflictError:
        return False
    return True


def reconcile(around: Surroundings, since: datetime = ALWAYS, *, apply: bool = True) -> Reconciled:
    settings = load(around.environment())
    return reconcile_once(settings, pod="test", since=since, apply=apply)


def test_a_broker_that_does_not_answer_is_said() -> None:
    group = ConsumerGroup(cluster=NOWHERE, name="g", topic="orders", answer_within=1)
    with pytest.raises(UnavailableError, match="group g can't be looked at: no broker answers"):
        group.assert_deserted()
    with pytest.raises(UnavailableError, match="no broker answers: look at KAFKA_BROKERS"):
        group.committed()


def test_what_the_topics_have_is_restored_and_the_work_goes_on(
    restored: Surroundings, fed: tuple[FedOrder, ...]
) -> None:
    before = restored.count("execution"), restored.count("fill")
    would = reconcile(restored, apply=False)
    assert (restored.count("execution"), restored.count("fill")) == before
    done = reconcile(restored)
    assert done == would
    assert done.database.executions_restored > 50
    assert done.database.executions_moved_on > 20
    assert done.orders_read_again >= 150
    assert restored.count("execution") == before[0] + done.database.executions_restored
    assert restored.count("fill") == before[1] + done.database.fills_restored
    again = reconcile(restored).database
    assert done.database.changes_restored > 0
    assert restored.count("change") == done.database.changes_restored
    assert again == replace(
        again,
        executions_restored=0,
        executions_moved_on=0,
        fills_restored=0,
        changes_restored=0,
    )
    with restored.engine() as engine:
        wait_until_ready(engine)
        restored.wait_until_done(fed)
    restored.assert_the_ledger_holds(fed, Expectations(repeats_allowed=False))


def test_only_what_came_since_the_backup_needs_to_be_read(
    restored: Surroundings, fed: tuple[FedOrder, ...], postgres: Postgres
) -> None:
    with psycopg.connect(restored.dsn) as connection:
        row = connection.execute("select max(filled_at) from fill").fetchone()
    assert row is not None
    published = len(read_topic(restored.broker.bootstrap, restored.topics.fills))
    done = reconcile(restored, row[0]).database
    assert done.executions_moved_on > 0
    assert done.messages < published
    whole = reconcile(restored).database
    assert (whole.executions_restored, whole.fills_restored) == (0, 0)


def test_nothing_is_touched_while_an_engine_is_at_work(around: Surroundings) -> None:
    with around.engine() as engine:
        wait_until_ready(engine)
        with pytest.raises(ConflictError, match="stop"):
            reconcile(around)


def test_a_database_that_an_engine_has_worked_on_is_refused(
    restored: Surroundings, fed: tuple[FedOrder, ...]
) -> None:
    """It has given numbers that the topic knows to other orders."""
    later = tuple(islice(orders(seed=12, first_id=5000), 50))
    run(restored, later, fills=restored.count("fill") + 50)
    with pytest.raises(ConflictError, match="restore it again"):
        reconcile(restored)


def test_nothing_is_touched_while_another_program_is_in_the_group(around: Surroundings) -> None:
    """Such as the Go engine, which holds no lock in the database."""
    member = KafkaSource(
        cluster=cluster(around.broker),
        group=around.topics.group,
        topic=around.topics.orders,
    )
    member.open(on_revoked=lambda _: None, on_lost=lambda _: None)
    try:
        wait_until(lambda: member.poll(1, 0.1) or member.assigned, 60, "a place in the group")
        with pytest.raises(ConflictError, match="stop the engines first"):
            reconcile(around)
    finally:
        member.close({}, 5)


def test_an_older_schema_is_left_to_the_migration(empty_database: str) -> None:
    with (
        open_session(empty_database, application_name="test") as connection,
        pytest.raises(SchemaError, match="run `fixengine migrate`"),
    ):
        assert_current(connection)
