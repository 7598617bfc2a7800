"""Bad orders whose dead letters are too large, or can't be written: whom they hold up, and how."""

import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # NewTopic comes from within
    AclOperation,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from fixengine.actors.intake.burying import ENOUGH_LETTERS
from fixengine.actors.intake.intake import LARGEST_BATCH
from fixengine.demo.audit.report import Expectations
from fixengine.demo.feed.feed import orders
from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from fixengine.engine.engine import Engine
from fixengine.ports.kafka import Headers
from tests.support.commands import run_command
from tests.support.engines import Surroundings, part, restarts, wait_until_ready
from tests.support.kafka.places import committed
from tests.support.kafka.raw_headers import send_with_header
from tests.support.kafka.rights import CLUSTER, denied, topic
from tests.support.kafka.sender import Sender
from tests.support.kafka.topics import drop_topics
from tests.support.stacks import BrokerKind

MB = 1_000_000
_WITHIN = 20.0


@pytest.fixture
def apache(broker_kind: BrokerKind) -> None:
    """For what the embedded broker does not know: limits, rights, deleted topics."""
    if broker_kind is not BrokerKind.APACHE:
        pytest.skip("the embedded broker refuses no message")


@pytest.fixture
def sender(around: Surroundings) -> Sender:
    return Sender(around)


@pytest.fixture
def unwritable(apache: None, around: Surroundings) -> Iterator[ExitStack]:
    """Have a topic of letters that nobody may write to, until this is closed."""
    make_letters_topic(around)
    with ExitStack() as until:
        until.enter_context(
            denied(around.broker.bootstrap, AclOperation.WRITE, topic(around.topics.dlq))
        )
        yield until


def noise(length: int, *, seed: int = 1) -> bytes:
    """Return bytes that no codec makes smaller, and no decoder takes for an order."""
    return random.Random(seed).randbytes(length)


def admin(around: Surroundings) -> AdminClient:
    return AdminClient({"bootstrap.servers": around.broker.bootstrap, "log_level": 0})


def alter(around: Surroundings, topic: str, name: str, value: str) -> None:
    broker = admin(around)  # held until it has answered
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    for future in broker.incremental_alter_configs([resource]).values():
        future.result(_WITHIN)


def make_letters_topic(around: Surroundings, config: Mapping[str, str] | None = None) -> None:
    broker = admin(around)
    made = NewTopic(around.topics.dlq, 1, 1, config=dict(config or {}))
    broker.create_topics([made])[around.topics.dlq].result(_WITHIN)


def metric(engine: Engine, name: str) -> float:
    value = engine.registry.get_sample_value(name)
    assert value is not None
    return value


def dlq(around: Surroundings, *words: str) -> int:
    variables = {
        "KAFKA_BROKERS": around.broker.bootstrap,
        "KAFKA_ORDERS_TOPIC": around.topics.orders,
        "KAFKA_DLQ_TOPIC": around.topics.dlq,
    }
    return run_command("dlq", *words, variables=variables)


def wait_for_letters(around: Surroundings, number: int) -> None:
    wait_until(lambda: len(around.letters()) == number, 60, f"{number} dead letters")


def wait_for_offset(around: Surroundings, partition: int, offset: int) -> None:
    wait_until(
        lambda: committed(around, partition) == offset,
        60,
        f"{offset} of {partition} to be committed",
    )


def wait_until_they_wait(engine: Engine, number: int) -> None:
    wait_until(
        lambda: metric(engine, "fixengine_dead_letters_waiting") == number, 60, "all to wait"
    )
    wait_until(lambda: not part(engine, "dead_letters")["up"], 60, "readiness to say so")
    wait_until(lambda: said(engine).startswith(f"{number} dead letters "), 60, "their number")


def said(engine: Engine) -> str:
    described: dict[str, Any] = part(engine, "dead_letters")
    return str(described["said"])


def test_a_bad_order_that_was_small_on_its_way_is_a_whole_letter(
    around: Surroundings, sender: Sender
) -> None:
    """12 MB, of which gzip made 12 kB, and which is larger than what a consumer asks for."""
    sender.send(b"x" * 12 * MB, partition=3, codec="gzip")
    sender.good(20, first_id=1, partition=3)
    sender.good(20, first_id=21, partition=4)
    with around.engine() as engine:
        around.wait_until_done(tuple(sender.sent))
        wait_for_offset(around, 3, 21)
        assert metric(engine, "fixengine_dead_letters_shortened_total") == 0
        wait_until(lambda: metric(engine, "fixengine_dead_letters_waiting") == 0, 60, "no letter")
    around.assert_the_ledger_holds(tuple(sender.sent))


@pytest.mark.usefixtures("apache")
@pytest.mark.parametrize("limit", ["1048588", "20000", "1500"])
def test_what_the_topic_refuses_for_its_size_is_shortened_and_holds_up_nothing(
    around: Surroundings, sender: Sender, limit: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    alter(around, around.topics.orders, "max.message.bytes", str(20 * MB))
    make_letters_topic(around, {"max.message.bytes": limit})
    headers: Headers = (("one", b"1"), ("two", noise(100_000)))
    for number in (1, 2):
        sender.send(noise(5 * MB, seed=number), partition=3, key=b"37", headers=headers)
    for number in range(40):
        sender.send(noise(300, seed=number), partition=5)
    sender.good(20, first_id=1, partition=3)
    sender.good(20, first_id=21, partition=4)
    with around.engine() as engine:
        around.wait_until_done(tuple(sender.sent))
        wait_for_offset(around, 3, 22)
        wait_for_offset(around, 5, 40)
        assert part(engine, "dead_letters") == {"up": True, "said": ""}
        assert metric(engine, "fixengine_dead_letters_shortened_total") == 2
    around.assert_the_ledger_holds(tuple(sender.sent))
    (letter, *_) = (one for one in around.letters() if dict(one.headers).get("dlq.shortened"))
    told = dict(letter.headers)
    assert (letter.key, told["one"], told["dlq.shortened"]) == (b"37", b"1", b"5000000")
    assert told["dlq.partition"] == b"3"
    place = str(letter.offset)
    original = noise(5 * MB, seed=1 if told["dlq.offset"] == b"0" else 2)
    capsysbinary.readouterr()
    assert dlq(around, "show", place, "--raw") == 0
    assert capsysbinary.readouterr().out == original
    assert dlq(around, "show", place) == 0
    shown = capsysbinary.readouterr().out
    assert b"5000000 bytes; what follows is the order itself, read from " in shown


@pytest.mark.usefixtures("apache")
def test_a_shortened_letter_is_replayed_whole_or_not_at_all(
    around: Surroundings, sender: Sender, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    alter(around, around.topics.orders, "max.message.bytes", str(20 * MB))
    make_letters_topic(around)
    (order,) = islice(orders(seed=1), 1)
    assert order.value is not None
    # an order as large as this one is good but for the security that nobody knows
    padding = noise(2 * MB).hex().encode()
    value = order.value.replace(b'"id":', b'"note":"%s","id":' % padding)
    unknown = value.replace(value.split(b'"securityId":"')[1][:24], b"f" * 24)
    sender.send(unknown, partition=3, key=b"1", headers=(("own", b"1"),))
    with around.engine():
        wait_for_letters(around, 1)
        wait_for_offset(around, 3, 1)
    (letter,) = around.letters()
    assert dict(letter.headers)["dlq.shortened"] == str(len(unknown)).encode()
    assert dlq(around, "replay", "--offset", "0") == 0
    replayed = [
        record
        for record in read_topic(around.broker.bootstrap, around.topics.orders)
        if dict(record.headers).get("dlq.replayed_from")
    ]
    assert [(record.partition, record.key, record.value) for record in replayed] == [
        (3, b"1", unknown)
    ]
    assert replayed[0].headers[0] == ("own", b"1")
    # retention takes the order away
    broker = admin(around)
    everything = [TopicPartition(around.topics.orders, 3, 2)]
    for future in broker.delete_records(everything).values():
        future.result(_WITHIN)
    capsys.readouterr()
    assert dlq(around, "show", "0") == 0
    assert "no longer has the whole order" in capsys.readouterr().out
    assert dlq(around, "show", "0", "--raw") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "no longer has the whole order: --fix sends a whole body" in printed.err
    assert dlq(around, "replay", "--offset", "0") == 1
    assert "0/0 not replayed: it was shortened" in capsys.readouterr().out
    fix = tmp_path / "order.json"
    fix.write_bytes(order.value)
    assert dlq(around, "replay", "--offset", "0", "--fix", str(fix)) == 0
    last = read_topic(around.broker.bootstrap, around.topics.orders)[-1]
    assert (last.key, last.value) == (b"1", order.value)


def test_letters_that_nobody_may_write_hold_back_their_partitions_offset_and_nothing_else(
    around: Surroundings, sender: Sender, unwritable: ExitStack, events: list[str]
) -> None:
    bad = 30
    sender.good(5, first_id=1, partition=3)
    for number in range(bad):
        sender.send(b"{%d" % number, partition=3)
    sender.good(20, first_id=101, partition=3)
    sender.good(20, first_id=201, partition=4)
    sender.send(b"{", partition=6)
    for name in ("one", "two"):
        with around.engine(name) as engine:
            around.wait_for("execution where not is_open", 45, 60)
            wait_for_offset(around, 4, 20)
            wait_until_they_wait(engine, bad + 1)
            assert part(engine, "broker")["up"]
            assert f"can't be written to {around.topics.dlq}: this user may not" in said(engine)
            assert f"wait, the order at {around.topics.orders} " in said(engine)
    assert around.letters() == ()
    assert (committed(around, 3), committed(around, 6)) == (5, 0)
    told = [event for event in events if "dead letters" in event and "orders" not in event]
    assert told == ["dead letters can't be written, they wait"] * 2
    with around.engine("three") as engine:
        wait_until_they_wait(engine, bad + 1)
        sender.good(20, first_id=301, partition=3)
        around.wait_for("execution where not is_open", 65, 60)
        unwritable.close()
        around.wait_until_done(tuple(sender.sent))
        wait_for_offset(around, 3, 75)
        wait_for_offset(around, 6, 1)
        wait_until_ready(engine)
        assert metric(engine, "fixengine_dead_letters_waiting") == 0
    assert "dead letters are written again" in events
    around.assert_the_ledger_holds(tuple(sender.sent), Expectations(repeats_allowed=False))


def test_a_flood_of_letters_that_wait_pauses_their_partition_alone(
    around: Surroundings, sender: Sender, unwritable: ExitStack
) -> None:
    flood = 4_000
    sender.flood(flood, partition=3)
    with around.engine() as engine:
        wait_until(lambda: not part(engine, "dead_letters")["up"], 60, "readiness to say so")
        sender.good(50, first_id=1, partition=4)
        around.wait_for("execution where not is_open", 50, 60)
        waiting = metric(engine, "fixengine_dead_letters_waiting")
        assert ENOUGH_LETTERS <= waiting < ENOUGH_LETTERS + 2 * LARGEST_BATCH
        unwritable.close()
        around.wait_until_done(tuple(sender.sent))
        wait_for_offset(around, 3, flood)
    around.assert_the_ledger_holds(tuple(sender.sent), Expectations(repeats_allowed=False))


@pytest.mark.usefixtures("apache")
def test_a_letter_that_the_topic_does_not_take_holds_back_no_other_partition(
    around: Surroundings, sender: Sender
) -> None:
    """A compacted topic takes no record without a key."""
    make_letters_topic(around, {"cleanup.policy": "compact"})
    sender.send(b"{", partition=3, key=None)
    for number in range(10):
        sender.send(b"{%d" % number, partition=3)
        sender.send(b"{%d" % number, partition=5)
    sender.good(10, first_id=1, partition=3)
    with around.engine() as engine:
        around.wait_for("execution where not is_open", 10, 60)
        wait_for_offset(around, 5, 10)
        wait_until_they_wait(engine, 11)
        assert f"the order at {around.topics.orders} 3/0 first: " in said(engine)
        assert committed(around, 3) == 0
        assert len(around.letters()) == 10
        alter(around, around.topics.dlq, "cleanup.policy", "delete")
        around.wait_until_done(tuple(sender.sent))
        wait_for_offset(around, 3, 21)
        wait_until_ready(engine)
    around.assert_the_ledger_holds(tuple(sender.sent), Expectations(repeats_allowed=False))


@pytest.mark.usefixtures("apache")
def test_a_topic_that_is_deleted_meanwhile_and_may_not_be_made_again(
    around: Surroundings, sender: Sender
) -> None:
    name = around.topics.dlq
    with around.engine() as engine:
        wait_until_ready(engine)
        sender.send(b"{", partition=3)
        wait_for_letters(around, 1)
        with denied(around.broker.bootstrap, AclOperation.CREATE, CLUSTER, topic(name)):
            drop_topics(around.broker.bootstrap, [name])
            sender.send(b"[", partition=3)
            sender.good(10, first_id=1, partition=3)
            around.wait_for("execution where not is_open", 10, 60)
            wait_until(lambda: "may not create it" in said(engine), 60, "the cause")
            wait_until(lambda: not part(engine, "dead_letters")["up"], 60, "the part to say so")
            assert part(engine, "broker")["up"]
            assert committed(around, 3) == 1
        wait_for_letters(around, 1)  # the topic was made again
        wait_until_ready(engine)
        wait_for_offset(around, 3, 12)


def test_headers_whose_names_are_not_utf_8_stop_nothing(
    around: Surroundings, sender: Sender, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The driver can't read them, and breaks of them where it is not asked with care."""
    good = next(order for order in orders(seed=1) if order.valid)
    assert good.value is not None
    for value in (b"{", good.value):
        send_with_header(
            around.broker.bootstrap, around.topics.orders, value, partition=3, name=b"\xff\xfe"
        )
    with around.engine() as engine:
        around.wait_for("execution where not is_open", 1, 60)
        wait_for_letters(around, 1)
        wait_for_offset(around, 3, 2)
        assert set(restarts(engine).values()) == {0}
    assert dlq(around, "show", "0", "--raw") == 0
    assert capsysbinary.readouterr().out == b"{"
