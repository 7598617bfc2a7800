"""What the actor of dead letters says, keeps and begins anew."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from time import sleep
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.messages import (
    DeadLetter,
    DeadLettersWritten,
    DeadLetterTopic,
    FinishDeadLetters,
    ForgetDeadLetters,
    WriteDeadLetters,
)
from fixengine.actors.publishing.dead_letters import DeadLetters
from fixengine.actors.publishing.limits import DeadLetterLimits
from fixengine.actors.publishing.originals import KEPT_BYTES
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.ports.kafka import Failure, Record, TailLook
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.refs import ActorRef
from fixengine.telemetry.health import Health
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.wire.letters import Place
from tests.support.kafka.broker import Broker
from tests.support.no_tree import NoTree

DENIED = Failure(reason="denied")


@dataclass(slots=True)
class Orders:
    """The orders topic, as far as it still has them; it shows none while it is `away`."""

    records: dict[Place, Record] = field(default_factory=dict)
    away: bool = False
    reads: list[Place] = field(default_factory=list)

    def find(self, partition: int, offset: int) -> TailLook:
        self.reads.append(Place(partition, offset))
        return Look(self, Place(partition, offset))


@dataclass(slots=True)
class Look:
    """A look for one of them."""

    orders: Orders
    place: Place

    def read(self, timeout: float) -> tuple[Record, ...] | None:
        if self.orders.away:
            sleep(timeout)
            return ()
        record = self.orders.records.get(self.place)
        return None if record is None else (record,)

    def close(self) -> None: ...


class Intake(Actor):
    def __init__(self, written: list[Place]) -> None:
        super().__init__()
        self._written = written

    def receive(self, message: DeadLettersWritten) -> None:
        self._written.extend(message.places)


@dataclass(slots=True)
class Around:
    """The actor, what it sees, and what it said."""

    actor: ActorRef
    intake: ActorRef
    broker: Broker
    orders: Orders
    health: Health
    registry: CollectorRegistry
    written: list[Place]

    def bury(self, *records: Record) -> None:
        letters = tuple(DeadLetter(record=record, reason="bad") for record in records)
        self.actor.tell(WriteDeadLetters(letters=letters, reply_to=self.intake))

    def part(self) -> dict[str, Any]:
        parts = self.health.ready().body["parts"]
        assert isinstance(parts, dict)
        described: dict[str, Any] = parts["dead_letters"]
        return described

    def metric(self, name: str) -> float | None:
        return self.registry.get_sample_value(name)


@pytest.fixture
def limits() -> DeadLetterLimits:
    return DeadLetterLimits(idle_for=600.0)


@pytest.fixture
def around(limits: DeadLetterLimits) -> Iterator[Around]:
    broker, orders, written = Broker(), Orders(), list[Place]()
    registry = CollectorRegistry()
    metrics = EngineMetrics(registry)
    health = Health(gauge=metrics.up, tree=NoTree(), hung_after=60)
    intake = Intake.start(written)
    actor = DeadLetters.start(
        sink=broker,
        originals=orders,
        health=health,
        metrics=metrics,
        topic="orders.dlq",
        limits=limits,
    )
    actor.ask(Boot())
    yield Around(actor, intake, broker, orders, health, registry, written)
    actor.stop()
    intake.stop()


def record(offset: int, *, partition: int = 3, value: bytes = b"{") -> Record:
    return Record(
        topic="orders",
        partition=partition,
        offset=offset,
        key=b"k",
        value=value,
        headers=(("own", b"1"),),
        timestamp_ms=None,
    )


def test_a_producer_is_made_for_the_first_letter(around: Around) -> None:
    around.actor.ask(DeadLetterTopic(refused=None, note=""))
    assert around.broker.opened == 0
    around.bury(record(7))
    wait_until(lambda: around.written == [Place(3, 7)], 60, "the letter")
    assert around.broker.opened == 1


@pytest.mark.parametrize("limits", [DeadLetterLimits(idle_for=0.01)])
def test_a_producer_is_let_go_while_there_are_no_letters(around: Around) -> None:
    for number in (1, 2):
        around.bury(record(number))
        wait_until(lambda: len(around.written) == number, 60, "the letter")  # noqa: B023 - at once
        wait_until(lambda: around.broker.closed == number, 60, "the end of the producer")  # noqa: B023
    assert around.broker.opened == 2


def test_a_letter_that_waits_is_named_with_its_place_and_its_cause(
    around: Around, events: list[str]
) -> None:
    around.broker.answer = lambda _: DENIED
    around.bury(record(7), record(8), record(9, partition=4))
    wait_until(lambda: around.part()["said"], 60, "the cause")
    assert around.part()["said"] in {
        f"3 dead letters wait, the order at orders {place} first: it can't be written to "
        "orders.dlq: denied"
        for place in ("3/7", "4/9")
    }
    assert around.metric("fixengine_dead_letters_waiting") == 3
    around.broker.answer = lambda _: None
    wait_until(lambda: len(around.written) == 3, 60, "all letters")
    wait_until(lambda: around.part() == {"up": True, "said": ""}, 60, "the end of it")
    assert around.metric("fixengine_dead_letters_waiting") == 0
    assert events == ["dead letters can't be written, they wait", "dead letters are written again"]


def test_a_topic_that_can_not_be_made_is_said_also_while_no_letter_waits(around: Around) -> None:
    around.actor.ask(DeadLetterTopic(refused="topic orders.dlq can't be created", note=""))
    assert around.part() == {"up": False, "said": "topic orders.dlq can't be created"}
    around.broker.answer = lambda _: Failure(reason="there is no such topic")
    around.bury(record(7))
    wait_until(lambda: "3/7 first" in around.part()["said"], 60, "the letter that waits")
    assert around.part()["said"].endswith(": topic orders.dlq can't be created")
    around.broker.answer = lambda _: None
    around.actor.ask(DeadLetterTopic(refused=None, note="made with less"))
    wait_until(lambda: around.part() == {"up": True, "said": "made with less"}, 60, "the end of it")


def test_a_producer_that_is_beyond_help_is_replaced(around: Around) -> None:
    around.broker.error = UnavailableError("fenced")
    around.bury(record(7))
    wait_until(lambda: around.broker.opened > 2, 60, "another producer")
    assert around.part()["said"].endswith("fenced")
    around.broker.error = None
    wait_until(lambda: around.written == [Place(3, 7)], 60, "the letter")


def test_a_stop_waits_for_letters_that_get_through(around: Around) -> None:
    around.bury(*(record(offset) for offset in range(50)))
    places = tuple(Place(3, offset) for offset in range(50))
    assert around.actor.ask(FinishDeadLetters(places=places, within=10), timeout=60) == places


def test_a_stop_does_not_wait_for_letters_that_do_not_get_through(around: Around) -> None:
    around.broker.answer = lambda _: DENIED
    around.bury(record(7))
    wait_until(lambda: around.part()["said"], 60, "the first try")
    finish = FinishDeadLetters(places=(Place(3, 7),), within=600)
    wait_until(lambda: around.actor.ask(finish, timeout=60) == (), 60, "the answer")


def test_what_another_engine_is_to_write_is_not_written_here(around: Around) -> None:
    around.broker.answer = lambda _: DENIED
    around.bury(record(7), record(8, partition=4))
    wait_until(lambda: around.part()["said"], 60, "the first try")
    around.actor.ask(ForgetDeadLetters(partitions=frozenset({3})))
    around.broker.answer = lambda _: None
    wait_until(lambda: around.written == [Place(4, 8)], 60, "the other letter")
    around.actor.ask(ForgetDeadLetters(partitions=None))
    assert around.metric("fixengine_dead_letters_waiting") == 0
    assert [dict(headers)["dlq.partition"] for _, headers in around.broker.there] == [b"4"]


def large(offset: int) -> Record:
    return record(offset, value=bytes([offset]) * (KEPT_BYTES // 3))


def test_letters_that_are_too_many_for_the_memory_are_read_again_and_whole(around: Around) -> None:
    records = [large(offset) for offset in range(12)]
    around.orders.records = {Place(3, each.offset): each for each in records}
    around.broker.answer = lambda _: DENIED
    around.bury(*records)
    wait_until(lambda: around.part()["said"], 60, "the first try")
    around.broker.answer = lambda _: None
    wait_until(lambda: len(around.written) == 12, 60, "all letters")
    assert [value for value, _ in around.broker.there] == [each.value for each in records]
    assert 0 < len(set(around.orders.reads)) < 12
    assert around.metric("fixengine_dead_letters_shortened_total") == 0


def test_a_flood_of_small_letters_is_not_read_again(around: Around) -> None:
    around.bury(*(record(offset, value=b"{" * 50_000) for offset in range(200)))
    wait_until(lambda: len(around.written) == 200, 60, "all letters")
    assert around.orders.reads == []


def test_a_letter_that_is_on_its_way_when_memory_is_saved_counts_as_whole(around: Around) -> None:
    """The producer has all of it."""
    around.broker.lets = 0
    around.bury(large(0))
    wait_until(lambda: len(around.broker.waiting) == 1, 60, "the first letter to be on its way")
    more = [large(offset) for offset in range(1, 4)]
    around.orders.records = {Place(3, each.offset): each for each in more}
    around.bury(*more)
    around.actor.ask(ForgetDeadLetters(partitions=frozenset()))
    around.broker.lets = inf
    wait_until(lambda: len(around.written) == 4, 60, "all letters")
    assert around.metric("fixengine_dead_letters_shortened_total") == 0


def read_six_again(around: Around) -> list[Record]:
    """Have orders read again that nobody answers for: their letters were refused. Return them."""
    records = [large(offset) for offset in range(6)]
    around.orders.records = {Place(3, each.offset): each for each in records}
    around.orders.away = True
    around.broker.answer = lambda _: DENIED
    around.bury(*records)
    wait_until(lambda: around.part()["said"], 60, "the first try")
    around.broker.answer = lambda _: None
    return records


@pytest.mark.parametrize("limits", [DeadLetterLimits(reread_within=0.2)])
def test_an_order_that_can_not_be_read_again_holds_up_its_own_partition_alone(
    around: Around,
) -> None:
    read_six_again(around)
    wait_until(lambda: "can't be read again" in around.part()["said"], 60, "the cause")
    around.bury(record(7, partition=4))
    wait_until(lambda: Place(4, 7) in around.written, 60, "another partition's letter")
    around.orders.away = False
    wait_until(lambda: len(around.written) == 7, 60, "all letters")
    assert around.metric("fixengine_dead_letters_shortened_total") == 0


@pytest.mark.parametrize("limits", [DeadLetterLimits(reread_within=1.0)])
def test_the_actor_answers_while_an_order_is_read_again(around: Around) -> None:
    records = read_six_again(around)
    wait_until(lambda: around.orders.reads, 60, "an order to be read again")
    before = len(around.orders.reads)
    around.actor.ask(ForgetDeadLetters(partitions=frozenset({3})))
    assert len(around.orders.reads) == before
    around.orders.away = False
    around.bury(record(8, partition=4))
    wait_until(lambda: Place(4, 8) in around.written, 60, "another letter")
    assert not {Place(3, each.offset) for each in records[-1:]} & set(around.written)


def test_of_an_order_that_is_gone_when_it_is_read_again_the_beginning_is_written(
    around: Around,
) -> None:
    records = [large(offset) for offset in range(6)]
    around.broker.answer = lambda _: DENIED
    around.bury(*records)
    wait_until(lambda: around.part()["said"], 60, "the first try")
    around.broker.answer = lambda _: None
    wait_until(lambda: len(around.written) == 6, 60, "all letters")
    parts = [
        (value, headers)
        for value, headers in around.broker.there
        if dict(headers).get("dlq.shortened")
    ]
    assert around.metric("fixengine_dead_letters_shortened_total") == len(parts) > 0
    for value, headers in parts:
        told = dict(headers)
        assert told["dlq.shortened"] == str(KEPT_BYTES // 3).encode()
        assert told["own"] == b"1"
        assert value
        assert set(value) == {int(told["dlq.offset"] or b"")}
