"""What an engine says is done is done: a crash at any moment leaves no promise without its deed.

Each test holds one step back, and looks at what the steps after it have said meanwhile.
"""

from threading import Event
from typing import Any

import psycopg
import pytest

from fixengine.demo.audit.report import Expectations
from fixengine.demo.neighbours.stub import Mode
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.infra.kafka.producer.sink import KafkaSink
from tests.support.engines import Surroundings
from tests.support.kafka.places import committed
from tests.support.kafka.sender import Sender
from tests.support.rows import change

HELD, FREE = 3, 4
"""Partitions: of what is held back, and of what comes after it and is not."""

REFUSES_AT_FIRST = """
create sequence tries;
grant usage on sequence tries to public;
create function odd() returns trigger language plpgsql as $$
begin
    if nextval('tries') <= 3 then raise exception 'not yet' using errcode = '40001'; end if;
    return new;
end $$;
create trigger odd before insert on fill for each statement execute function odd();
"""


@pytest.fixture
def sender(around: Surroundings) -> Sender:
    return Sender(around)


@pytest.fixture
def letters_may_go(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> Event:
    """Until this is set, producers have no room for dead letters."""
    may_go = Event()
    produce = KafkaSink.produce

    def produce_later(self: KafkaSink, topic: str, **message: Any) -> None:
        if topic == around.topics.dlq and not may_go.is_set():
            raise UnavailableError("the producer's queue is full")
        produce(self, topic, **message)

    monkeypatch.setattr(KafkaSink, "produce", produce_later)
    return may_go


def wait_until_committed(around: Surroundings, partition: int, offset: int) -> None:
    wait_until(
        lambda: committed(around, partition) == offset,
        60,
        f"{offset} of {partition} to be committed",
    )


def take_one(around: Surroundings, sender: Sender) -> None:
    """Have an order done with: its place is not committed again, which would mend a wrong one."""
    sender.good(1, first_id=1, partition=HELD)
    wait_until_committed(around, HELD, 1)


def test_an_orders_place_is_committed_once_it_is_stored(
    around: Surroundings, sender: Sender, database: str, events: list[str]
) -> None:
    with around.engine():
        take_one(around, sender)
        with psycopg.connect(database) as other:
            other.execute("lock table execution in access exclusive mode")
            sender.good(1, first_id=2, partition=HELD)
            wait_until(lambda: "storing orders waits" in events, 60, "the order to wait")
            assert committed(around, HELD) <= 1
        wait_until_committed(around, HELD, 2)
        assert around.count("execution") == 2


def test_an_orders_place_is_committed_once_its_security_is_known(
    around: Surroundings, sender: Sender
) -> None:
    with around.engine():
        take_one(around, sender)
        asked = around.securities.calls.total()
        around.securities.mode = Mode.ERROR
        sender.good(1, first_id=2, partition=HELD)
        wait_until(lambda: around.securities.calls.total() > asked, 60, "its security's turn")
        sender.send(b"no order", partition=FREE)
        wait_until_committed(around, FREE, 1)
        assert committed(around, HELD) <= 1
        around.securities.mode = Mode.NORMAL
        wait_until_committed(around, HELD, 2)
        assert around.count("execution") == 2


def test_a_bad_orders_place_is_committed_once_its_letter_is_written(
    around: Surroundings, sender: Sender, letters_may_go: Event
) -> None:
    with around.engine() as engine:
        take_one(around, sender)
        sender.send(b"no order", partition=HELD)
        waiting = "fixengine_dead_letters_waiting"
        wait_until(lambda: engine.registry.get_sample_value(waiting), 60, "its letter to wait")
        sender.good(1, first_id=2, partition=FREE)
        wait_until_committed(around, FREE, 1)
        assert committed(around, HELD) <= 1
        letters_may_go.set()
        wait_until_committed(around, HELD, 2)
        assert len(around.letters()) == 1


def test_a_fill_is_published_once_it_is_stored(
    around: Surroundings, sender: Sender, database: str
) -> None:
    """What is not stored is evaluated anew, and is another fill then."""
    change(database, REFUSES_AT_FIRST)
    sender.good(20, first_id=1, partition=FREE)
    with around.engine():
        around.wait_until_done(tuple(sender.sent))
    around.assert_the_ledger_holds(tuple(sender.sent), Expectations(repeats_allowed=False))
