"""`fixengine audit` of a run that holds, and of the same one after somebody tampered with it."""

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from confluent_kafka import Consumer, Producer, TopicCollection, TopicPartition, Uuid
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # some come from within
    AclOperation,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourceType,
)
from msgspec import structs
from psycopg.conninfo import make_conninfo

from fixengine.audit import topic as topic_module
from fixengine.audit.topic import Topic
from fixengine.demo.feed.feed import FedOrder
from fixengine.demo.servers.broker import Broker
from fixengine.demo.servers.postgres import Postgres
from fixengine.demo.servers.tansu import TansuBroker
from fixengine.demo.topics import TopicNames, create_topic, read_topic
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.infra.kafka.tail import Beginning
from fixengine.infra.postgres import audit_pages
from fixengine.infra.postgres.audit_pages import AuditPages, Row
from fixengine.infra.process.logs import log_lines
from fixengine.ports.kafka import Record
from fixengine.wire.executions import decode_fill_key
from tests.conftest import new_database
from tests.support.commands import run_command
from tests.support.documents import blocks, page
from tests.support.engines import Surroundings, surroundings
from tests.support.feed.mixed import mixed_orders
from tests.support.kafka.rights import denied, topic
from tests.support.network.proxy import Flow, Proxy
from tests.support.rows import change, one
from tests.support.stacks import BrokerKind

HOLDS, CONTRADICTED, IMPOSSIBLE = 0, 1, 2
NAMES = TopicNames(
    orders="audited", fills="audited.fills", dlq="audited.dlq", group="audited_engines"
)
Tampering = Callable[[list[Record]], list[Record]]


@pytest.fixture(scope="module")
def fed() -> tuple[FedOrder, ...]:
    return mixed_orders(seed=18, good=40, bad=40, duplicates=5)


@pytest.fixture(scope="module")
def run(
    postgres: Postgres,
    migrated_template: str,
    broker: Broker,
    workspace: Workspace,
    fed: tuple[FedOrder, ...],
) -> Iterator[Surroundings]:
    """Lend what an engine left that was fed with all kinds of orders, and has ended."""
    for dsn in new_database(postgres, migrated_template):
        with surroundings(dsn=dsn, broker=broker, topics=NAMES, workspace=workspace) as world:
            with world.engine():
                world.send(*fed)
                world.wait_until_done(fed)
            yield world


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the command said, as JSON, and its exit code."""

    code: int
    lines: list[str]
    complaints: str
    contradictions: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n".join((*self.lines, self.complaints))

    @property
    def kinds(self) -> set[object]:
        return {each["kind"] for each in self.contradictions}

    @property
    def executions(self) -> set[int]:
        return {number for each in self.contradictions for number in each["executions"]}

    def kinds_of(self, execution: int) -> set[str]:
        return {each["kind"] for each in self.contradictions if execution in each["executions"]}


@pytest.fixture
def audit(run: Surroundings, capsys: pytest.CaptureFixture[str]) -> Callable[..., Verdict]:
    """Audits the run, with other settings where they are given."""

    def carry_out(*words: str, **overrides: str) -> Verdict:
        variables = {**run.environment(), **overrides}
        capsys.readouterr()
        code = run_command("audit", *words, "--json", variables=variables)
        log_lines.flush(60)
        said = capsys.readouterr()
        lines = said.out.splitlines()
        decoded = [json.loads(line) for line in lines]
        counts = decoded.pop() if code in {HOLDS, CONTRADICTED} else {}
        return Verdict(
            code=code,
            lines=lines,
            complaints=said.err,
            contradictions=decoded,
            counts=counts,
        )

    return carry_out


def tampered(run: Surroundings, topic: str, tamper: Tampering) -> str:
    """Return the name of a copy of a topic in which some records are other ones."""
    name = f"{topic}.tampered{tampered.count}"  # type: ignore[attr-defined]  # the next number
    tampered.count += 1  # type: ignore[attr-defined]  # as above
    bootstrap = run.broker.bootstrap
    partitions = AdminClient({"bootstrap.servers": bootstrap}).list_topics(topic, timeout=30)
    create_topic(bootstrap, name, partitions=len(partitions.topics[topic].partitions))
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    for record in tamper(list(read_topic(bootstrap, topic))):
        producer.produce(
            name,
            partition=record.partition,
            key=record.key,
            value=record.value,
            headers=[*record.headers],
        )
    assert producer.flush(60) == 0
    return name


tampered.count = 1  # type: ignore[attr-defined]  # names of topics are never used again


@contextmanager
def changed(run: Surroundings, statement: str, back: str) -> Iterator[None]:
    """Let somebody change the tables by hand, for a while."""
    change(run.dsn, statement)
    try:
        yield
    finally:
        change(run.dsn, back)


def executions(run: Surroundings, count: int) -> list[int]:
    """Return executions that were told of, those with most fills first."""
    found = one(
        run.dsn,
        "select array_agg(execution_id) from (select execution_id from fill where announced "
        f"group by 1 order by count(*) desc, 1 limit {count}) as f",
    )
    assert len(found) == count
    return list(found)


def test_a_finished_run_holds(
    run: Surroundings, audit: Callable[..., Verdict], fed: Sequence[FedOrder]
) -> None:
    verdict = audit("--finished")
    assert verdict.code == HOLDS, str(verdict)
    counts = verdict.counts
    assert (counts["orders"], counts["executions"], counts["full"]) == (40, 40, 40)
    assert counts["dead_letters"] == sum(not order.valid for order in fed)
    assert counts["fills"] == one(run.dsn, "select count(*) from fill")
    assert counts["messages"] == one(run.dsn, "select count(*) from fill where announced")
    assert counts["holds"] is True


def test_the_text_says_the_verdict_in_its_last_line(
    run: Surroundings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command("audit", "--finished", variables=run.environment()) == HOLDS
    assert capsys.readouterr().out.splitlines()[-1].startswith("the ledger holds: 40 orders, 40 ex")


ROWS = {
    "quantity_filled = quantity_filled + 1": "overfilled",
    "total_amount = total_amount + 0.00000001": "ledger",
    "version = version + 1": "ledger",
    "destination = 'XX'": "order",
    "limit_price = 1234567": "order",
    "is_open = true": "state",
    "execution_status = 'PART'": "state",
    "sent_timestamp = sent_timestamp - interval '1 microsecond'": "message",
    "sent_timestamp = '-infinity'": "state",
    "last_fill_timestamp = last_fill_timestamp + interval '1 second'": "ledger",
    "quantity_ordered = 'NaN'": "state",
}


def test_rows_that_were_tampered_with_are_found(
    run: Surroundings, audit: Callable[..., Verdict]
) -> None:
    numbers = executions(run, len(ROWS))
    spoil = "; ".join(
        f"update execution set {assignment} where id = {number}"
        for number, assignment in zip(numbers, ROWS, strict=True)
    )
    with changed(
        run,
        f"create table kept as select * from execution; {spoil}",
        "set session_replication_role = replica; delete from execution; "
        "insert into execution select * from kept; drop table kept",
    ):
        verdict = audit()
    assert verdict.code == CONTRADICTED
    for number, (assignment, kind) in zip(numbers, ROWS.items(), strict=True):
        assert kind in verdict.kinds_of(number), f"{assignment}\n{verdict}"
    assert verdict.executions == set(numbers)
    assert all(each["orders"] and each["fills"] for each in verdict.contradictions)


def test_a_row_that_is_gone_is_found_and_so_are_its_fills(
    run: Surroundings, audit: Callable[..., Verdict]
) -> None:
    (number,) = executions(run, 1)
    with changed(
        run,
        f"create table kept as select * from execution where id = {number};"
        f"delete from execution where id = {number}",
        "insert into execution select * from kept; drop table kept",
    ):
        verdict = audit()
    assert verdict.code == CONTRADICTED
    assert verdict.kinds == {"lost", "message", "ledger"}


def test_rows_of_nobody_are_found(run: Surroundings, audit: Callable[..., Verdict]) -> None:
    """An execution without an order, and fills in the outbox that nobody made."""
    (number,) = executions(run, 1)
    columns = (
        "trade_type, destination, security_id, ticker, quantity_ordered, received_timestamp, "
        "sent_timestamp"
    )
    with changed(
        run,
        f"insert into execution (execution_service_id, execution_status, {columns}, "
        "next_fill_timestamp) "
        f"select 777777, 'WORK', {columns}, now() from execution where id = {number}; "
        f"insert into outbox (execution_id, fill_number, owner) values (999999, 1, 1), "
        f"({number}, 77, 1)",
        "delete from execution where execution_service_id = 777777; delete from outbox",
    ):
        verdict = audit()
    assert verdict.code == CONTRADICTED
    assert sorted(map(str, (each["kind"] for each in verdict.contradictions))) == [
        "ledger",
        "ledger",
        "nobody-sent",
    ], str(verdict)


LEDGERS = (
    "update fill set quantity = quantity + 1",
    "update fill set price = price + 0.01",
    "update fill set quantity_filled = quantity_filled - 1",
    "update fill set version = version + 1",
    "update fill set filled_at = filled_at - interval '1 hour'",
    "update fill set announced = false",
    "delete from fill",
)


def test_ledgers_that_were_tampered_with_are_found(
    run: Surroundings, audit: Callable[..., Verdict]
) -> None:
    numbers = executions(run, len(LEDGERS))
    spoil = "; ".join(
        f"{statement} where execution_id = {number} and number = "
        f"(select max(number) from fill where execution_id = {number})"
        for number, statement in zip(numbers, LEDGERS, strict=True)
    )
    with changed(
        run,
        f"create table kept as select * from fill; {spoil}",
        "delete from fill; insert into fill select * from kept; drop table kept",
    ):
        verdict = audit()
    assert verdict.code == CONTRADICTED
    for number, statement in zip(numbers, LEDGERS, strict=True):
        assert "ledger" in verdict.kinds_of(number), f"{statement}\n{verdict}"
    assert verdict.executions == set(numbers)


def replaced(record: Record, before: bytes, after: bytes) -> Record:
    assert record.value is not None
    assert before in record.value
    return structs.replace(record, value=record.value.replace(before, after))


def test_messages_that_were_tampered_with_are_found(
    run: Surroundings, audit: Callable[..., Verdict]
) -> None:
    numbers = executions(run, 5)

    def tamper(records: list[Record]) -> list[Record]:
        last = {decode_fill_key(record.value or b""): record for record in records}
        missing, changed, garbage, moved, copied = (
            max((key, record) for key, record in last.items() if key and key[0] == number)[1]
            for number in numbers
        )
        others = {
            missing: (),
            changed: (replaced(changed, b'"quantityFilled":', b'"quantityFilled":1'),),
            garbage: (structs.replace(garbage, value=b"{"),),
            moved: (structs.replace(moved, key=b"no order"),),
            copied: (copied, structs.replace(copied, key=b"777777")),
        }
        return [each for record in records for each in others.get(record, (record,))]

    verdict = audit(KAFKA_FILLS_TOPIC=tampered(run, NAMES.fills, tamper))
    assert verdict.code == CONTRADICTED
    missing, changed, garbage, moved, _ = numbers
    assert verdict.kinds_of(missing) == {"fills"}, str(verdict)
    assert verdict.kinds_of(changed) == {"message"}
    assert verdict.kinds_of(garbage) == {"fills"}
    assert verdict.kinds_of(moved) == {"fills"}
    assert [each["kind"] for each in verdict.contradictions if not each["executions"]] == [
        "message",
        "message",
    ]
    assert verdict.executions == {missing, changed, garbage, moved}


def with_headers(letter: Record, **contents: bytes | None) -> Record:
    """Return a letter with other headers, without those that are None."""
    renamed = {f"dlq.{name}": content for name, content in contents.items()}
    headers = [(name, renamed.get(name, content)) for name, content in letter.headers]
    return structs.replace(
        letter, headers=tuple(header for header in headers if header[1] is not None)
    )


def test_letters_that_were_tampered_with_are_found(
    run: Surroundings, audit: Callable[..., Verdict]
) -> None:
    def tamper(records: list[Record]) -> list[Record]:
        _, another, elsewhere, unexplained, *others = records
        return [
            *others,
            structs.replace(another, value=b"another"),
            with_headers(elsewhere, partition=b"99"),
            with_headers(unexplained, reason=None),
        ]

    verdict = audit(KAFKA_DLQ_TOPIC=tampered(run, NAMES.dlq, tamper))
    assert verdict.code == CONTRADICTED
    said = sorted(f"{each['kind']}: {each['said']}" for each in verdict.contradictions)
    assert len(said) == 5, str(verdict)
    for start, end in zip(
        ("letter: ", "letter: ", "letter: ", "lost: ", "lost: "), said, strict=True
    ):
        assert end.startswith(start), str(verdict)
    for words in ("another key or value", "the record 99/", "has no header dlq.reason"):
        assert sum(words in line for line in said) == 1
    assert all(each["orders"] for each in verdict.contradictions)


def test_what_is_there_twice_is_counted(run: Surroundings, audit: Callable[..., Verdict]) -> None:
    def twice(records: list[Record]) -> list[Record]:
        return [*records, records[-1]]

    verdict = audit(
        KAFKA_FILLS_TOPIC=tampered(run, NAMES.fills, twice),
        KAFKA_DLQ_TOPIC=tampered(run, NAMES.dlq, twice),
    )
    assert verdict.code == HOLDS, str(verdict)
    assert verdict.counts["repeated_messages"] == 1
    assert verdict.counts["repeated_dead_letters"] == 1


def test_orders_that_no_engine_has_taken_yet_are_not_judged(
    run: Surroundings, audit: Callable[..., Verdict], fed: Sequence[FedOrder]
) -> None:
    dlq = tampered(run, NAMES.dlq, lambda records: [])
    verdict = audit(KAFKA_CONSUMER_GROUP="another", KAFKA_DLQ_TOPIC=dlq)
    assert verdict.code == HOLDS, str(verdict)
    assert verdict.counts["waiting_orders"] == sum(not order.valid for order in fed)


@pytest.mark.parametrize(("named", "code"), [("this", CONTRADICTED), ("another", HOLDS)])
def test_places_in_a_topic_that_was_made_anew_tell_nothing_of_this_one(
    run: Surroundings,
    audit: Callable[..., Verdict],
    broker_kind: BrokerKind,
    named: str,
    code: int,
) -> None:
    """A place is committed with the id of its topic."""
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("the embedded broker keeps nothing beside a place")
    group = f"places-in-{named}"
    bootstrap = run.broker.bootstrap
    admin = AdminClient({"bootstrap.servers": bootstrap})
    described = admin.describe_topics(TopicCollection([NAMES.orders]))[NAMES.orders]
    topic = described.result(60).topic_id if named == "this" else Uuid(1, 2)
    onlooker = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    try:
        onlooker.commit(
            offsets=[
                TopicPartition(NAMES.orders, number, 1_000, f"topic id {topic}")
                for number in range(20)
            ],
            asynchronous=False,
        )
    finally:
        onlooker.close()
    dlq = tampered(run, NAMES.dlq, lambda records: [])
    assert audit(KAFKA_CONSUMER_GROUP=group, KAFKA_DLQ_TOPIC=dlq).code == code


def test_a_topic_that_is_compacted_proves_nothing(
    run: Surroundings, audit: Callable[..., Verdict], broker_kind: BrokerKind
) -> None:
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("only Apache Kafka says how a topic is set")
    fills = tampered(run, NAMES.fills, lambda records: records)
    compact = ConfigEntry(
        "cleanup.policy", "compact,delete", incremental_operation=AlterConfigOpType.SET
    )
    resource = ConfigResource(ResourceType.TOPIC, fills, incremental_configs=[compact])
    admin = AdminClient({"bootstrap.servers": run.broker.bootstrap})
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result(60)
    verdict = audit(KAFKA_FILLS_TOPIC=fills)
    assert verdict.code == IMPOSSIBLE
    assert f"the topic {fills} is compacted" in verdict.complaints


def test_what_is_out_of_range_is_not_judged(
    run: Surroundings, audit: Callable[..., Verdict]
) -> None:
    """Some executions were stored a day earlier than others, and those are wrong."""
    with changed(
        run,
        "create table kept as select * from execution; update execution set version = version + 1, "
        "sent_timestamp = sent_timestamp - interval '1 day', "
        "received_timestamp = received_timestamp - interval '1 day' where id % 4 = 0",
        "set session_replication_role = replica; delete from execution; "
        "insert into execution select * from kept; drop table kept",
    ):
        now = datetime.now(UTC)
        verdict = audit("--since", (now - timedelta(hours=1)).isoformat())
        assert verdict.code == HOLDS, str(verdict)
        assert verdict.counts["outside"] == 10
        assert verdict.counts["executions"] == verdict.counts["orders"] == 30
        verdict = audit("--until", (now - timedelta(hours=1)).isoformat())
        assert verdict.code == CONTRADICTED
        assert verdict.counts["outside"] == 30
        assert len(verdict.executions) == 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "9999-12-31T23:59:59Z"), "nothing is in range"),
        (("--until", "2020-01-01T00:00:00Z"), "nothing is in range"),
        (("--since", "2021-01-01T00:00:00Z", "--until", "2020-01-01T00:00:00Z"), "is not before"),
        (("--since", "2020-01-01T00:00:00Z", "--until", "2020-01-01T00:00:00Z"), "is not before"),
    ],
)
def test_a_range_in_which_nothing_is_proves_nothing(
    audit: Callable[..., Verdict], words: Sequence[str], said: str
) -> None:
    verdict = audit(*words)
    assert verdict.code == IMPOSSIBLE, str(verdict)
    assert said in verdict.complaints
    assert "--since" in verdict.complaints
    assert verdict.lines == []


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "1969-01-01T00:00:00Z"])
def test_a_range_may_begin_before_all_time(audit: Callable[..., Verdict], since: str) -> None:
    verdict = audit("--since", since)
    assert verdict.code == HOLDS, str(verdict)
    assert verdict.counts["executions"] == verdict.counts["orders"] == 40


def test_a_deployment_in_which_nothing_is_can_not_be_judged(
    run: Surroundings, audit: Callable[..., Verdict], database: str
) -> None:
    topics = {
        f"KAFKA_{name}_TOPIC": tampered(run, topic, lambda records: [])
        for name, topic in (("ORDERS", NAMES.orders), ("FILLS", NAMES.fills), ("DLQ", NAMES.dlq))
    }
    verdict = audit(POSTGRES_DSN=database, **topics)
    assert verdict.code == IMPOSSIBLE
    assert "KAFKA_ORDERS_TOPIC and POSTGRES_DSN" in verdict.complaints


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"KAFKA_BROKERS": "127.0.0.1:1"}, "KAFKA_BROKERS"),
        ({"KAFKA_DLQ_TOPIC": "nowhere"}, "KAFKA_DLQ_TOPIC"),
        ({"POSTGRES_DSN": "postgresql://postgres@127.0.0.1:1/none"}, "127.0.0.1"),
    ],
)
def test_what_can_not_be_reached_is_said(
    audit: Callable[..., Verdict], settings: dict[str, str], words: str
) -> None:
    verdict = audit(**settings)
    assert verdict.code == IMPOSSIBLE
    assert verdict.complaints.startswith("fixengine: the audit can't be done: ")
    assert words in verdict.complaints
    assert len(verdict.complaints.splitlines()) == 1


def test_a_database_of_another_schema_can_not_be_judged(
    audit: Callable[..., Verdict], empty_database: str
) -> None:
    verdict = audit(POSTGRES_DSN=empty_database)
    assert verdict.code == IMPOSSIBLE
    assert "fixengine migrate" in verdict.complaints


def test_the_rights_that_the_docs_give_are_enough(
    run: Surroundings, audit: Callable[..., Verdict]
) -> None:
    (setup,) = (block for block in blocks(page("auditing"), "sql") if "create role" in block)
    role = "auditor"
    change(run.dsn, setup.replace("change-me", role))
    try:
        verdict = audit("--finished", POSTGRES_DSN=make_conninfo(run.dsn, user=role, password=role))
    finally:
        change(run.dsn, f"drop owned by {role}; drop role {role}")
    assert verdict.code == HOLDS, str(verdict)


def test_a_running_deployment_is_no_contradiction(
    run: Surroundings, audit: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine works on while the tables are read: more is stored than the topics had before."""
    more = mixed_orders(seed=19, good=80)[40:]
    rows = AuditPages.rows

    def rows_of_later(self: AuditPages) -> Iterator[Row]:
        with run.engine():
            run.send(*more)
            run.wait_until_done((*mixed_orders(seed=18, good=40), *more))
        return rows(self)

    monkeypatch.setattr(AuditPages, "rows", rows_of_later)
    verdict = audit("--finished")
    assert verdict.code == HOLDS, str(verdict)
    assert verdict.counts["young_executions"] == verdict.counts["executions"] - 40
    assert audit("--finished").counts["messages"] == one(
        run.dsn, "select count(*) from fill where announced"
    )


@pytest.fixture
def behind_proxy(
    run: Surroundings, postgres: Postgres, workspace: Workspace
) -> Iterator[tuple[Proxy, str]]:
    """Lend the way to the database, which can be cut, and its address."""
    proxy = Proxy(port=workspace.reserve_port(), target=postgres.port)
    proxy.start()
    try:
        yield proxy, make_conninfo(run.dsn, host="127.0.0.1", port=proxy.port)
    finally:
        proxy.stop()


@pytest.mark.parametrize(
    ("revoked", "named"),
    [
        ("select on execution", "table execution"),
        ("select on fill", "table fill"),
        ("select on outbox", "table outbox"),
        ("select on change", "table change"),
        ("select on expiry", "table expiry"),
        ("select on fixengine_schema", "table fixengine_schema"),
        ("usage on schema public", "schema public"),
    ],
)
def test_each_right_on_the_database_that_is_missing_is_named(
    run: Surroundings, audit: Callable[..., Verdict], revoked: str, named: str
) -> None:
    (setup,) = (block for block in blocks(page("auditing"), "sql") if "create role" in block)
    role = "auditor"
    of_all = "revoke usage on schema public from public;" if "schema" in named else ""
    change(run.dsn, f"{setup.replace('change-me', role)} {of_all} revoke {revoked} from {role}")
    try:
        verdict = audit(POSTGRES_DSN=make_conninfo(run.dsn, user=role, password=role))
    finally:
        change(
            run.dsn,
            f"grant usage on schema public to public; drop owned by {role}; drop role {role}",
        )
    assert verdict.code == IMPOSSIBLE, str(verdict)
    assert named in verdict.complaints
    assert "docs/auditing.md" in verdict.complaints
    assert len(verdict.complaints.splitlines()) == 1


RIGHTS = {
    "reading orders": (AclOperation.READ, topic(NAMES.orders), "READ", "KAFKA_ORDERS_TOPIC"),
    "reading fills": (AclOperation.READ, topic(NAMES.fills), "READ", "KAFKA_FILLS_TOPIC"),
    "reading letters": (AclOperation.READ, topic(NAMES.dlq), "READ", "KAFKA_DLQ_TOPIC"),
    "seeing orders": (AclOperation.DESCRIBE, topic(NAMES.orders), "DESCRIBE", NAMES.orders),
    "seeing fills": (AclOperation.DESCRIBE, topic(NAMES.fills), "DESCRIBE", NAMES.fills),
    "seeing letters": (AclOperation.DESCRIBE, topic(NAMES.dlq), "DESCRIBE", NAMES.dlq),
    "seeing the group": (
        AclOperation.DESCRIBE,
        (ResourceType.GROUP, NAMES.group),
        "DESCRIBE",
        NAMES.group,
    ),
}


@pytest.mark.parametrize("right", RIGHTS)
def test_each_right_on_the_broker_that_is_missing_is_named(
    run: Surroundings, audit: Callable[..., Verdict], broker_kind: BrokerKind, right: str
) -> None:
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("only Apache Kafka has rights to be tried")
    operation, resource, *words = RIGHTS[right]
    with denied(run.broker.bootstrap, operation, resource):
        verdict = audit()
    assert verdict.code == IMPOSSIBLE, str(verdict)
    for word in words:
        assert word in verdict.complaints
    assert len(verdict.complaints.splitlines()) == 1


def test_how_topics_are_set_need_not_be_seen(
    run: Surroundings, audit: Callable[..., Verdict], broker_kind: BrokerKind
) -> None:
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("only Apache Kafka has rights to be tried")
    topics = map(topic, (NAMES.orders, NAMES.fills, NAMES.dlq))
    with denied(run.broker.bootstrap, AclOperation.DESCRIBE_CONFIGS, *topics):
        verdict = audit("--finished")
    assert verdict.code == HOLDS, str(verdict)


def when_the_topics_are_read(
    monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]
) -> None:
    """Let something happen before the tables are read."""
    rows = AuditPages.rows

    def rows_after_it(self: AuditPages) -> Iterator[Row]:
        happens()
        return rows(self)

    monkeypatch.setattr(AuditPages, "rows", rows_after_it)


def test_a_broker_that_goes_away_meanwhile_is_said(
    audit: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one of the test's own, and ends between two topics."""
    beginnings = Topic.beginnings
    with Workspace() as workspace:
        broker = TansuBroker(workspace=workspace)
        broker.start()
        for name in (NAMES.orders, NAMES.dlq, NAMES.fills):
            create_topic(broker.bootstrap, name, partitions=1)

        def beginnings_then(self: Topic) -> Mapping[int, Beginning]:
            if self.name == NAMES.fills:
                broker.kill()
            return beginnings(self)

        monkeypatch.setattr(Topic, "beginnings", beginnings_then)
        monkeypatch.setattr(topic_module, "BROKER_ANSWERS_WITHIN", 2.0)
        verdict = audit(KAFKA_BROKERS=broker.bootstrap)
    assert verdict.code == IMPOSSIBLE, str(verdict)
    assert verdict.complaints.startswith("fixengine: the audit can't be done: ")
    assert "KAFKA_BROKERS and KAFKA_FILLS_TOPIC" in verdict.complaints
    assert len(verdict.complaints.splitlines()) == 1
    assert verdict.lines == []


def test_fills_that_come_to_partitions_added_meanwhile_are_read_too(
    run: Surroundings,
    audit: Callable[..., Verdict],
    broker_kind: BrokerKind,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An order's last message is on a partition that was not there when its others were read."""
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("only Apache Kafka adds partitions")
    (number,) = executions(run, 1)
    taken: list[Record] = []

    def without_the_last(records: list[Record]) -> list[Record]:
        of_it = [
            each for each in records if (decode_fill_key(each.value or b"") or [0])[0] == number
        ]
        taken.append(of_it[-1])
        return [each for each in records if each is not of_it[-1]]

    fills = tampered(run, NAMES.fills, without_the_last)
    bootstrap = run.broker.bootstrap

    def extended() -> None:
        admin = AdminClient({"bootstrap.servers": bootstrap})
        added = len(admin.list_topics(fills, timeout=60).topics[fills].partitions)
        admin.create_partitions([NewPartitions(fills, added + 1)])[fills].result(60)
        producer = Producer({"bootstrap.servers": bootstrap})
        producer.produce(fills, partition=added, key=taken[0].key, value=taken[0].value)
        assert producer.flush(60) == 0

    when_the_topics_are_read(monkeypatch, extended)
    for _ in ("while it is added", "when it is there"):
        verdict = audit("--finished", KAFKA_FILLS_TOPIC=fills)
        assert verdict.code == HOLDS, str(verdict)
        assert verdict.counts["spread"] == 1
        monkeypatch.undo()


def test_a_session_that_is_lost_while_topics_are_read_is_opened_anew(
    audit: Callable[..., Verdict],
    behind_proxy: tuple[Proxy, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy, dsn = behind_proxy

    def lost() -> None:
        proxy.set(Flow.CUT)
        proxy.set(Flow.OPEN)

    when_the_topics_are_read(monkeypatch, lost)
    verdict = audit("--finished", POSTGRES_DSN=dsn)
    assert verdict.code == HOLDS, str(verdict)


def test_a_database_that_is_restarted_meanwhile_is_waited_for(
    audit: Callable[..., Verdict],
    behind_proxy: tuple[Proxy, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy, dsn = behind_proxy
    with ThreadPoolExecutor() as somebody:

        def restarted() -> None:
            proxy.set(Flow.CUT)
            before = proxy.refused
            somebody.submit(come_back, before)

        def come_back(before: int) -> None:
            try:
                wait_until(lambda: proxy.refused >= before + 2, 60, "the audit to try it twice")
            finally:
                proxy.set(Flow.OPEN)

        when_the_topics_are_read(monkeypatch, restarted)
        verdict = audit("--finished", POSTGRES_DSN=dsn)
    assert verdict.code == HOLDS, str(verdict)


@pytest.mark.parametrize("flow", [Flow.CUT, Flow.SILENT])
def test_a_database_that_goes_away_meanwhile_is_said(
    audit: Callable[..., Verdict],
    behind_proxy: tuple[Proxy, str],
    monkeypatch: pytest.MonkeyPatch,
    flow: Flow,
) -> None:
    proxy, dsn = behind_proxy
    monkeypatch.setattr(audit_pages, "ANSWERS_WITHIN", 1.0)
    monkeypatch.setattr(audit_pages, "AWAY_SECONDS", 1.0)
    when_the_topics_are_read(monkeypatch, lambda: proxy.set(flow))
    verdict = audit(POSTGRES_DSN=dsn)
    assert verdict.code == IMPOSSIBLE, str(verdict)
    assert verdict.complaints.startswith("fixengine: the audit can't be done: ")
    assert len(verdict.complaints.splitlines()) == 1
    assert verdict.lines == []


def test_a_table_that_is_locked_is_not_waited_for_without_end(
    run: Surroundings, audit: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(run.dsn) as somebody:
        when_the_topics_are_read(
            monkeypatch, lambda: somebody.execute("lock table fill in access exclusive mode")
        )
        verdict = audit()
    assert verdict.code == IMPOSSIBLE, str(verdict)
    assert "lock" in verdict.complaints


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_audit_that_is_interrupted_proves_nothing(
    audit: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def interrupted(self: AuditPages) -> Iterator[Row]:
        os.kill(os.getpid(), number)
        return iter(())

    monkeypatch.setattr(AuditPages, "rows", interrupted)
    verdict = audit()
    assert verdict.code == 130
    assert verdict.complaints == "fixengine: the audit was interrupted: nothing is proved\n"
    assert verdict.lines == []


def test_orders_of_a_transaction_that_was_aborted_do_not_count(
    run: Surroundings, audit: Callable[..., Verdict], broker_kind: BrokerKind
) -> None:
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("only Apache Kafka keeps what was aborted from its readers")
    producer = Producer(
        {"bootstrap.servers": run.broker.bootstrap, "transactional.id": NAMES.group}
    )
    producer.init_transactions(60)
    producer.begin_transaction()
    for order in mixed_orders(seed=20, good=130, bad=20)[-20:]:
        producer.produce(NAMES.orders, key=order.key, value=order.value)
    producer.flush(60)
    producer.abort_transaction(60)
    with run.engine():
        wait_until(lambda: audit().counts.get("waiting_orders") == 0, 60, "all to be taken")
        assert audit().code == HOLDS


def test_no_transaction_is_open_between_pages(
    run: Surroundings, audit: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[str] = []
    rows_after = AuditPages._rows_after

    def watched(self: AuditPages, place: object) -> Sequence[Row]:
        states.append(
            one(
                run.dsn,
                "select state from pg_stat_activity where application_name = 'test' "
                "and datname = current_database()",
            )
        )
        return rows_after(self, place)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(AuditPages, "_rows_after", watched)
    assert audit().code == HOLDS
    assert set(states) == {"idle"}


def test_what_topics_no_longer_have_is_not_missed(
    run: Surroundings, audit: Callable[..., Verdict], broker_kind: BrokerKind
) -> None:
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("only Apache Kafka deletes records on demand")
    admin = AdminClient({"bootstrap.servers": run.broker.bootstrap})
    for name in (NAMES.orders, NAMES.fills, NAMES.dlq):
        ends: dict[int, int] = {}
        for record in read_topic(run.broker.bootstrap, name):
            ends[record.partition] = record.offset + 1
        limits = [
            TopicPartition(name, partition, end if name == NAMES.orders else max(end // 2, 1))
            for partition, end in ends.items()
        ]
        for deleted in admin.delete_records(limits, request_timeout=60).values():
            deleted.result(60)
    verdict = audit()
    assert verdict.code == HOLDS, str(verdict)
    assert verdict.counts["orders_gone"] == verdict.counts["executions"]
    assert verdict.counts["letters_without_orders"] == verdict.counts["dead_letters"] > 0
