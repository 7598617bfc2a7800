"""Orders that are spread over two databases, each with an engine of its own."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from fixengine.commands.reconcile import reconcile_once
from fixengine.config import load
from fixengine.demo.servers.broker import Broker
from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.topics import TopicNames, read_topic
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.errors import SchemaError
from fixengine.infra.kafka.group import ConsumerGroup
from fixengine.infra.postgres.driver.connections import open_session
from fixengine.infra.postgres.schema.schema import bring_up_to_date
from fixengine.rules.shards import Shard
from fixengine.wire.executions import decode_fill_key
from tests.conftest import new_database
from tests.support.commands import run_command
from tests.support.engines import Surroundings, surroundings, total, wait_until_ready
from tests.support.feed.mixed import mixed_orders
from tests.support.kafka.clusters import cluster
from tests.support.rows import change

NAMES = TopicNames(orders="spread", fills="spread.fills", dlq="spread.dlq", group="spread_engines")
HOLDS, CONTRADICTED, IMPOSSIBLE = 0, 1, 2
FED = mixed_orders(seed=21, good=60, bad=30, duplicates=10)
GOOD = {each.expected.execution_service_id for each in FED if each.expected}
BAD = sum(not each.valid for each in FED)


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Two databases, and how many orders each one's engine has counted as stored and as buried.

    So many records were read `again`, after a rebalance.
    """

    databases: tuple[Surroundings, Surroundings]
    processed: tuple[float, ...]
    failed: tuple[float, ...]
    again: float


@pytest.fixture(scope="module")
def spread(
    postgres: Postgres, migrated_template: str, broker: Broker, workspace: Workspace
) -> Iterator[Spread]:
    """Lend what two engines left, which have ended."""
    lend = contextmanager(new_database)
    with (
        lend(postgres, migrated_template) as dsn,
        lend(postgres, migrated_template) as another,
        surroundings(dsn=dsn, broker=broker, topics=NAMES, workspace=workspace) as first,
    ):
        second = replace(first, dsn=another)
        with (
            first.engine("one", ORDER_SHARD="1/2") as one,
            second.engine("two", ORDER_SHARD="2/2") as two,
        ):
            wait_until_ready(one)
            wait_until_ready(two)
            first.send(*FED)
            wait_until(
                lambda: {done_with(first, number) for number in (1, 2)} == {len(FED)},
                60,
                "all to be settled",
            )
            for world in (first, second):
                world.wait_for("execution where is_open", 0)
                world.wait_for("outbox", 0)
            processed, failed, polled = (
                tuple(total(engine, f"kafka_consumer_{what}_total") for engine in (one, two))
                for what in ("messages_processed", "messages_failed", "records_polled")
            )
        yield Spread(
            databases=(first, second),
            processed=processed,
            failed=failed,
            again=sum(polled) - 2 * len(FED),
        )


def done_with(world: Surroundings, number: int) -> int:
    """Return how many records the group of that database has done with."""
    group = ConsumerGroup(
        cluster=cluster(world.broker),
        name=Shard(number, 2).group(NAMES.group),
        topic=NAMES.orders,
    )
    return sum(group.committed().values())


def column(world: Surroundings, name: str) -> list[int]:
    with psycopg.connect(world.dsn) as connection:
        return [row[0] for row in connection.execute(f"select {name} from execution order by 1")]


def test_each_order_is_in_the_database_that_its_id_names(spread: Spread) -> None:
    for number, world in enumerate(spread.databases, 1):
        stored = column(world, "execution_service_id")
        assert stored == sorted(each for each in GOOD if (each - number) % 2 == 0)


def test_no_number_is_given_twice(spread: Spread) -> None:
    first, second = (column(world, "id") for world in spread.databases)
    assert first
    assert second
    assert not set(first) & set(second)


def test_a_message_of_a_fill_is_told_from_all_others_by_its_number(spread: Spread) -> None:
    records = read_topic(spread.databases[0].broker.bootstrap, NAMES.fills)
    assert max(Counter(decode_fill_key(record.value or b"") for record in records).values()) == 1


def test_each_record_counts_for_one_engine_alone(spread: Spread) -> None:
    assert min(spread.processed) > 0
    assert 0 <= sum(spread.processed) - (len(FED) - BAD) <= spread.again
    assert 0 <= sum(spread.failed) - BAD <= spread.again
    assert len(spread.databases[0].letters()) == BAD


def test_each_group_has_no_lag(spread: Spread) -> None:
    records = len(read_topic(spread.databases[0].broker.bootstrap, NAMES.orders))
    assert {done_with(spread.databases[0], number) for number in (1, 2)} == {records}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    code: int
    kinds: set[str]
    counts: dict[str, Any]
    complaints: str


@pytest.fixture
def audit(spread: Spread, capsys: pytest.CaptureFixture[str]) -> Callable[..., Verdict]:
    """Audits the databases that are given, both of them if none is."""

    def carry_out(*dsns: str) -> Verdict:
        named = dsns or tuple(world.dsn for world in spread.databases)
        words = [word for dsn in named for word in ("--dsn", dsn)]
        variables = spread.databases[0].environment()
        capsys.readouterr()
        code = run_command("audit", *words, "--finished", "--json", variables=variables)
        said = capsys.readouterr()
        lines = [json.loads(line) for line in said.out.splitlines()]
        counts = lines.pop() if code in {HOLDS, CONTRADICTED} else {}
        kinds = {each["kind"] for each in lines}
        return Verdict(code=code, kinds=kinds, counts=counts, complaints=said.err)

    return carry_out


def test_both_databases_have_one_verdict(audit: Callable[..., Verdict]) -> None:
    verdict = audit()
    assert verdict.code == HOLDS, verdict
    counts = verdict.counts
    assert (counts["orders"], counts["executions"], counts["full"]) == (len(GOOD),) * 3
    assert counts["dead_letters"] - counts["repeated_dead_letters"] == BAD


TAMPERINGS = {
    "a fill is gone": (
        "delete from fill where execution_id = (select min(id) from execution) and number = 1",
        "ledger",
    ),
    "an execution is gone": (
        "delete from execution where id = (select min(id) from execution)",
        "lost",
    ),
    "an execution has another's number": (
        "update execution set id = id + 1 where id = (select max(id) from execution)",
        "state",
    ),
}


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(("statement", "kind"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_tampering_in_either_is_found(
    spread: Spread,
    audit: Callable[..., Verdict],
    postgres: Postgres,
    which: int,
    statement: str,
    kind: str,
) -> None:
    dsns = [world.dsn for world in spread.databases]
    with copied(postgres, dsns[which]) as copy:
        change(copy, statement)
        dsns[which] = copy
        verdict = audit(*dsns)
    assert verdict.code == CONTRADICTED
    assert kind in verdict.kinds


def test_an_order_that_both_have_is_found(
    spread: Spread, audit: Callable[..., Verdict], postgres: Postgres
) -> None:
    first, second = (world.dsn for world in spread.databases)
    with copied(postgres, first) as copy:
        (order,) = column(spread.databases[1], "execution_service_id")[:1]
        change(
            copy,
            "insert into execution (execution_service_id, execution_status, trade_type, "
            "destination, security_id, ticker, quantity_ordered, received_timestamp, "
            f"sent_timestamp) values ({order}, 'WORK', 'BUY', 'ML', '{'0' * 24}', 'A', 1, "
            "now(), now())",
        )
        assert {"doubled", "state"} <= audit(copy, second).kinds


def test_an_audit_of_one_of_them_judges_nothing(
    spread: Spread, audit: Callable[..., Verdict]
) -> None:
    verdict = audit(spread.databases[0].dsn)
    assert verdict.code == IMPOSSIBLE
    assert "1/2 are given: give all that there are" in verdict.complaints


def test_one_of_them_is_restored_from_the_topics_without_what_is_the_others(
    spread: Spread, empty_database: str
) -> None:
    second = replace(spread.databases[1], dsn=empty_database)
    settings = load(second.environment(ORDER_SHARD="2/2"))
    with open_session(empty_database, application_name="test") as connection:
        bring_up_to_date(connection, shard=Shard(2, 2))
    reconcile_once(settings, pod="test", since=datetime(1970, 1, 1, tzinfo=UTC), apply=True)
    lost = set(column(spread.databases[1], "id")) - set(column(second, "id"))
    assert column(second, "id")
    assert not lost
    assert all((order - 2) % 2 == 0 for order in column(second, "execution_service_id"))


def test_a_database_is_not_restored_as_another_one(spread: Spread) -> None:
    settings = load(spread.databases[0].environment(ORDER_SHARD="2/2"))
    with pytest.raises(SchemaError, match="this is the database of ORDER_SHARD 1/2"):
        reconcile_once(settings, pod="test", since=datetime(1970, 1, 1, tzinfo=UTC), apply=True)


@contextmanager
def copied(postgres: Postgres, dsn: str) -> Iterator[str]:
    """Lend a copy of a database."""
    lend = contextmanager(new_database)
    with lend(postgres, str(psycopg.conninfo.conninfo_to_dict(dsn)["dbname"])) as copy:
        yield copy
