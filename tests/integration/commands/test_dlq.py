"""Dead letters on a real broker: listed, shown, mended and replayed."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from time import monotonic

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # these come from within
    AclOperation,
    ResourceType,
)
from msgspec import structs

from fixengine.actors.securities.answers import UNKNOWN_FOR
from fixengine.config import load
from fixengine.demo.errors import DemoError
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.feed.sending import OrderSender, send_orders
from fixengine.demo.feed.universe import priced_listings
from fixengine.demo.servers.broker import Broker
from fixengine.demo.topics import TopicNames, create_topic, read_topic
from fixengine.demo.waiting import wait_until
from fixengine.dlq.choice import Choice, OffsetRange
from fixengine.dlq.letterbox import Letterbox
from fixengine.errors import ConflictError, UnavailableError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.process.logs import log_lines
from fixengine.ports.kafka import EVER, Headers, Record
from fixengine.wire.letters import letter_headers
from tests.support.commands import run_command
from tests.support.documents import commands, page
from tests.support.engines import Surroundings
from tests.support.kafka.guarded import GuardedKafka
from tests.support.shell import typed

Dlq = Callable[..., int]
STRANGE: Headers = (("trace", b"\x00\xff"), ("none", None), ("none", b"again"), ("dlq.own", b""))
GOOD = (
    b'{"id":7,"tradeType":"BUY","destination":"ML","quantity":9,"receivedTimestamp":1785240970,%s}'
)
NEW_SECURITY = "f" * 24


def body(security_id: str = NEW_SECURITY) -> bytes:
    return GOOD % f'"securityId":"{security_id}"'.encode()


@pytest.fixture
def dlq(broker: Broker, topics: TopicNames) -> Dlq:
    """Runs a command on the test's topics and returns its exit code."""
    return runs(
        {
            "KAFKA_BROKERS": broker.bootstrap,
            "KAFKA_ORDERS_TOPIC": topics.orders,
            "KAFKA_DLQ_TOPIC": topics.dlq,
        }
    )


def runs(environment: Mapping[str, str]) -> Dlq:
    """Return what runs a command with these settings and returns its exit code."""
    return lambda *words: run_command("dlq", *words, variables=environment)


class Letters:
    """Buries records that need not have been on the orders topic."""

    def __init__(self, broker: Broker, topics: TopicNames) -> None:
        self.broker, self.topics = broker, topics
        create_topic(broker.bootstrap, topics.orders)
        create_topic(broker.bootstrap, topics.dlq, partitions=1)
        self.count = 0

    def bury(self, *values: bytes | None, reason: str = "a test", headers: Headers = ()) -> None:
        now = datetime.now(UTC)
        for value in values:
            record = Record(
                topic=self.topics.orders,
                partition=3,
                offset=0,
                key=b"k\xff",
                value=value,
                headers=headers,
                timestamp_ms=None,
            )
            self.write(record, letter_headers(record, reason=reason, failed_at=now))

    def write(self, record: Record, headers: Headers) -> None:
        letter = FedOrder(
            key=record.key, value=record.value, headers=headers, kind="letter", expected=None
        )
        send_orders(self.broker.bootstrap, self.topics.dlq, [letter])

    def on_orders(self) -> tuple[Record, ...]:
        return read_topic(self.broker.bootstrap, self.topics.orders)


@pytest.fixture
def letters(broker: Broker, topics: TopicNames) -> Letters:
    return Letters(broker, topics)


def test_a_replay_is_the_record_as_it_was(letters: Letters, dlq: Dlq) -> None:
    letters.bury(body(), headers=STRANGE)
    assert dlq("replay", "--offset", "0") == 0
    (record,) = letters.on_orders()
    assert (record.partition, record.key, record.value) == (3, b"k\xff", body())
    assert record.headers == (
        *STRANGE,
        ("dlq.replayed_from", f"{letters.topics.dlq}/0/0 {letters.topics.orders}/3/0".encode()),
        ("dlq.replays", b"1"),
    )


def test_a_letter_is_replayed_once(
    letters: Letters, dlq: Dlq, capsys: pytest.CaptureFixture[str]
) -> None:
    letters.bury(body(), body())
    assert dlq("replay", "--offset", "0") == 0
    assert dlq("replay", "--reason", "test") == 0
    assert dlq("replay", "--reason", "test") == 0
    assert len(letters.on_orders()) == 2
    where = f"replayed before: to {letters.topics.orders} 3/"
    assert capsys.readouterr().out.splitlines() == [
        f"0/0 replayed: to {letters.topics.orders}, partition 3",
        "1 replayed, 0 replayed before, 0 not replayed",
        f"0/0 {where}0",
        f"0/1 replayed: to {letters.topics.orders}, partition 3",
        "1 replayed, 1 replayed before, 0 not replayed",
        f"0/0 {where}0",
        f"0/1 {where}1",
        "0 replayed, 2 replayed before, 0 not replayed",
    ]


def test_what_would_come_back_is_not_sent(
    letters: Letters, dlq: Dlq, capsys: pytest.CaptureFixture[str]
) -> None:
    letters.bury(b"{", None, body())
    assert dlq("replay", "--offset", "0-2") == 1
    (record,) = letters.on_orders()
    assert record.value == body()
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("0/0 not replayed: it would be refused: the message is not an order")
    assert told[0].endswith("give a corrected body with --fix")
    assert told[1].startswith("0/1 not replayed: it would be refused: the message is empty")
    assert told[3] == "1 replayed, 0 replayed before, 2 not replayed"


def test_a_corrected_body_takes_the_place_of_the_letters(
    letters: Letters, dlq: Dlq, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    broken = body().replace(b'"quantity":9', b'"quantity":-9')
    letters.bury(broken, broken, headers=STRANGE)
    assert dlq("show", "1", "--raw") == 0
    fix = tmp_path / "order.json"
    fix.write_bytes(capsysbinary.readouterr().out)
    assert fix.read_bytes() == broken
    assert dlq("replay", "--offset", "1", "--fix", str(fix)) == 1
    fix.write_bytes(body())
    with pytest.raises(ConflictError, match="2 match"):
        dlq("replay", "--reason", "test", "--fix", str(fix))
    assert letters.on_orders() == ()
    assert dlq("replay", "--offset", "1", "--fix", str(fix)) == 0
    (record,) = letters.on_orders()
    assert (record.key, record.value, record.headers[:-2]) == (b"k\xff", body(), STRANGE)
    assert dlq("replay", "--offset", "1", "--fix", str(fix)) == 0
    assert len(letters.on_orders()) == 1


def test_a_corrected_body_comes_to_a_pod_as_the_page_says(letters: Letters, tmp_path: Path) -> None:
    letters.bury(body(), body().replace(b'"quantity":9', b'"quantity":-9'))
    (line,) = (line for line in commands(page("dead-letters")) if " exec " in line)
    in_the_pod = line.partition(" -- ")[2].replace("/tmp", str(tmp_path / "of-the-pod"))
    (tmp_path / "of-the-pod").mkdir()
    (tmp_path / "order.json").write_bytes(body())
    done = typed(
        in_the_pod.replace("--offset 17", "--offset 1"),
        folder=tmp_path,
        settings={
            "KAFKA_BROKERS": letters.broker.bootstrap,
            "KAFKA_ORDERS_TOPIC": letters.topics.orders,
            "KAFKA_DLQ_TOPIC": letters.topics.dlq,
        },
    )
    assert done.returncode == 0, done.stderr
    (record,) = letters.on_orders()
    assert record.value == body()


def test_what_is_no_letter_of_these_orders_is_not_sent(
    letters: Letters, dlq: Dlq, capsys: pytest.CaptureFixture[str]
) -> None:
    letters.bury(body())
    (letter,) = read_topic(letters.broker.bootstrap, letters.topics.dlq)
    letters.write(letter, ())
    letters.write(letter, letter_headers(letter, reason="a test", failed_at=datetime.now(UTC)))
    nowhere = structs.replace(letter, topic=letters.topics.orders, partition=20)
    letters.write(nowhere, letter_headers(nowhere, reason="a test", failed_at=datetime.now(UTC)))
    assert dlq("replay", "--offset", "1-3") == 1
    told = capsys.readouterr().out.splitlines()
    advice = f"it does not say where on {letters.topics.orders} it failed: look at its headers"
    assert all(
        line.startswith(f"0/{n} not replayed: {advice}") for n, line in enumerate(told[:2], 1)
    )
    assert "partition" in told[2]
    assert letters.on_orders() == ()


def test_filters_and_json(letters: Letters, dlq: Dlq, capsys: pytest.CaptureFixture[str]) -> None:
    letters.bury(b"one", reason="id is missing")
    newest = max(
        r.timestamp_ms or 0 for r in read_topic(letters.broker.bootstrap, letters.topics.dlq)
    )
    wait_until(lambda: datetime.now(UTC).timestamp() * 1000 > newest + 5, 60, "the clock to go on")
    since = datetime.now(UTC).isoformat()
    letters.bury(b"two", reason="quantity is 0")
    letters.bury(b"three", reason="id is 0")

    def listed(*words: str) -> list[int]:
        assert dlq("list", "--json", *words) == 0
        return [json.loads(line)["offset"] for line in capsys.readouterr().out.splitlines()]

    assert listed() == [0, 1, 2]
    assert listed("--reason", "ID IS") == [0, 2]
    assert listed("--since", since) == [1, 2]
    assert listed("--since", since, "--reason", "id") == [2]
    assert listed("--offset", "1", "0/2-9") == [1, 2]
    assert dlq("list") == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for words in (("--offset", "3"), ("--reason", "nothing"), ("--since", later)):
        assert dlq("list", *words) == 0, "a list may be empty"
        assert dlq("list", "--json", *words) == 0
        assert dlq("replay", *words) == 1, "what is to be replayed has to be there"
        log_lines.flush(60)
        said = capsys.readouterr()
        assert said.out == ""
        assert letters.topics.dlq in said.err
    assert dlq("show", "3") == 1


def test_one_letter_is_shown_whole(
    letters: Letters, dlq: Dlq, capsys: pytest.CaptureFixture[str]
) -> None:
    letters.bury(b"\xff", body(), headers=STRANGE)
    assert dlq("replay", "--offset", "1") == 0
    capsys.readouterr()
    assert dlq("show", "0/1") == 0
    shown = capsys.readouterr().out.splitlines()
    assert "replayed to  3/0" in shown
    assert r"key          k\xff" in shown
    assert shown[-2:] == [f'  "securityId": "{NEW_SECURITY}"', "}"]
    assert dlq("show", "0") == 0
    assert "replayed to  -" in capsys.readouterr().out.splitlines()


def test_topics_that_are_not_there_are_named(broker: Broker, topics: TopicNames, dlq: Dlq) -> None:
    with pytest.raises(UnavailableError, match=f"no topic {topics.dlq}: .*KAFKA_DLQ_TOPIC"):
        dlq("list")
    create_topic(broker.bootstrap, topics.dlq, partitions=1)
    assert dlq("list") == 0
    everywhere = Letters.__new__(Letters)
    everywhere.broker, everywhere.topics = broker, topics
    everywhere.bury(body())
    with pytest.raises(UnavailableError, match=f"no topic {topics.orders}: .*KAFKA_ORDERS_TOPIC"):
        dlq("replay", "--offset", "0")


@pytest.mark.parametrize("offsets", [(), (OffsetRange(partition=0, first=0, last=0),)])
def test_a_broker_that_does_not_answer_is_named_with_the_cause(
    offsets: tuple[OffsetRange, ...],
) -> None:
    box = Letterbox(load({"KAFKA_BROKERS": "127.0.0.1:1"}), pod="test", answer_within=0.5)
    cause = r"127\.0\.0\.1:1 can't be used: .*Connection refused: look at KAFKA_BROKERS"
    with pytest.raises(UnavailableError, match=cause):
        next(box.letters(Choice(offsets=offsets, since=EVER)))


def test_which_right_is_missing_is_said(
    guarded: GuardedKafka, topics: TopicNames, capsys: pytest.CaptureFixture[str]
) -> None:
    """At once, and a user who may join no group can read."""
    guest = runs(
        {
            "KAFKA_BROKERS": guarded.by_password,
            "KAFKA_CLIENT_CONFIG": json.dumps(dict(guarded.as_user())),
            "KAFKA_ORDERS_TOPIC": topics.orders,
            "KAFKA_DLQ_TOPIC": topics.dlq,
        }
    )
    Letters(guarded.broker, topics).bury(body())
    with pytest.raises(UnavailableError, match=f"topic {topics.dlq} may not be read: allow"):
        guest("list")
    guarded.allow(ResourceType.TOPIC, topics.dlq, AclOperation.READ)
    with pytest.raises(UnavailableError, match=f"topic {topics.orders} may not be read: allow"):
        guest("list")
    guarded.allow(ResourceType.TOPIC, topics.orders, AclOperation.READ)
    assert guest("list") == 0
    assert guest("replay", "--reason", "test") == 1
    assert re.search("not replayed: this user may .*: allow WRITE", capsys.readouterr().out)
    (order,) = islice(orders(seed=1), 1)
    user = Cluster(brokers=guarded.by_password, client_id="test", client_config=guarded.as_user())
    sender = OrderSender(user, topic=topics.orders)
    sender.send(order)
    with pytest.raises(DemoError, match=r"not acknowledge 1 orders: .*: allow WRITE"):
        sender.flush()


def test_which_letters_are_to_be_replayed_must_be_said(dlq: Dlq) -> None:
    with pytest.raises(SystemExit) as exit_:
        dlq("replay")
    assert exit_.value.code == 2


def test_an_order_whose_security_comes_later_is_replayed_and_filled(
    around: Surroundings, dlq: Dlq, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine believes a 404 for a while: a replay that comes too early fails once more."""
    (order,) = islice(orders(seed=1), 1)
    early = replace(order, key=b"7", value=body(), headers=STRANGE, expected=None)
    with around.engine():
        around.send(early)
        wait_until(lambda: len(around.letters()) == 1, 60, "the dead letter")
        assert dlq("replay", "--reason", "no such security") == 0
        wait_until(lambda: len(around.letters()) == 2, 60, "the second dead letter")
        believed_until = monotonic() + UNKNOWN_FOR
        listing = replace(priced_listings()[0], security_id=NEW_SECURITY)
        around.securities._listings[NEW_SECURITY] = listing
        wait_until(lambda: monotonic() > believed_until, 60, "the 404 to be asked about again")
        capsys.readouterr()
        assert dlq("replay", "--reason", "no such security") == 0
        told = capsys.readouterr().out.splitlines()
        assert told[0].startswith("0/0 replayed before")
        assert told[1].startswith("0/1 replayed: ")
        around.wait_for("execution where not is_open", 1)
        assert dlq("replay", "--since", "1970-01-01T00:00:00Z") == 0
        around.wait_for("outbox", 0)
    assert capsys.readouterr().out.endswith("0 replayed, 2 replayed before, 0 not replayed\n")
    first, second = around.letters()
    assert (first.key, first.value) == (second.key, second.value) == (b"7", body())
    assert dict(second.headers)["dlq.replays"] == b"1"
    assert around.count("execution where execution_service_id = 7") == 1
    assert len(around.letters()) == 2
    assert len(read_topic(around.broker.bootstrap, around.topics.orders)) == 3
