"""What becomes of messages under way when an engine's lease ends, or who sent them has gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from fixengine.demo.waiting import wait_until
from fixengine.infra.kafka.producer.producers import LOOK_EVERY, Producers
from fixengine.infra.kafka.producer.sink import KafkaSink
from fixengine.infra.lease import Lease
from fixengine.ports.kafka import Failure
from fixengine.rules.take_over_times import LEASE, STOP
from tests.support.clocks import Clock
from tests.support.kafka.clusters import NOWHERE
from tests.support.waiting import assert_does_not_happen


@dataclass(slots=True)
class Around:
    """A lease, its clock, and sinks of a broker that is away."""

    clock: Clock
    lease: Lease
    producers: Producers

    def sink(self, failures: list[Failure | None]) -> KafkaSink:
        """Return one that has a message under way, and notes what becomes of it."""
        sink = KafkaSink(
            cluster=NOWHERE,
            producers=self.producers,
        )
        sink.open(lambda _token, failed: failures.append(failed))
        sink.produce("fills", key=b"1", value=b"1", headers=(), token=1)
        return sink


@pytest.fixture
def around() -> Iterator[Around]:
    clock = Clock()
    lease = Lease(clock)
    producers = Producers(lease)
    producers.start()
    lease.begin(clock.now)
    yield Around(clock=clock, lease=lease, producers=producers)
    producers.stop(60)


def told(sink: KafkaSink, failures: list[Failure | None]) -> bool:
    sink.poll(0.05)
    return bool(failures)


def test_they_are_stopped_in_time_when_it_ends_whatever_their_user_does(around: Around) -> None:
    failures: list[Failure | None] = []
    sink = around.sink(failures)
    assert_does_not_happen(lambda: told(sink, failures), 3 * LOOK_EVERY, "it is given up")
    around.clock.now += LEASE + 0.1
    wait_until(lambda: told(sink, failures), 60, "it to be given up")
    assert failures[0] is not None
    assert "no proof that no other engine has taken it over" in failures[0].reason
    sink.close()


def test_a_look_at_the_lease_is_never_far() -> None:
    assert 3 * LOOK_EVERY < STOP


def test_a_lease_that_begins_stops_what_an_earlier_one_allowed(around: Around) -> None:
    failures: list[Failure | None] = []
    sink = around.sink(failures)
    around.lease.begin(around.clock.now)
    wait_until(lambda: told(sink, failures), 60, "it to be given up")
    sink.close()


def test_who_comes_next_waits_for_what_was_left_under_way(around: Around) -> None:
    failures: list[Failure | None] = []
    assert around.producers.settled()
    around.sink(failures).close()
    assert_does_not_happen(
        around.producers.settled, 3 * LOOK_EVERY, "what is under way is forgotten"
    )
    around.clock.now += LEASE + 0.1
    wait_until(around.producers.settled, 60, "it to be given up")


@dataclass(slots=True)
class Stubborn:
    """A producer that can't be stopped, nor served, until it is mended."""

    mended: bool = False

    def __len__(self) -> int:
        return 1

    def purge(self, *, blocking: bool) -> None:
        if not self.mended:
            raise KeyError("a bug")

    def poll(self, timeout: float) -> None:
        self.purge(blocking=False)


def test_one_that_can_not_be_stopped_keeps_no_other_from_it(
    around: Around, events: list[str]
) -> None:
    stubborn = Stubborn()
    for leaves in (False, True):
        around.producers.use(cast("Producer", stubborn))
        if leaves:
            around.producers.leave(cast("Producer", stubborn))
    failures: list[Failure | None] = []
    sink = around.sink(failures)
    around.clock.now += LEASE + 0.1
    wait_until(lambda: told(sink, failures), 60, "it to be given up")
    sink.produce("fills", key=b"2", value=b"2", headers=(), token=2)
    wait_until(lambda: told(sink, failures) and len(failures) == 2, 10, "the next to be given up")
    assert events == ["a thread failed in its duty, it goes on"]
    stubborn.mended = True
    sink.close()


@dataclass(slots=True)
class AtItsEnd:
    """A producer that can't go on, and keeps its message until it is stopped."""

    messages: int = 1

    def __len__(self) -> int:
        return self.messages

    def purge(self, *, blocking: bool) -> None:
        self.messages = 0

    def poll(self, timeout: float) -> None:
        if self.messages:
            raise KafkaException(KafkaError(KafkaError._GAPLESS_GUARANTEE, fatal=True))


def test_nobody_waits_for_one_that_was_left_and_can_not_go_on(
    around: Around, events: list[str]
) -> None:
    producer = cast("Producer", AtItsEnd())
    around.producers.use(producer)
    around.producers.leave(producer)
    wait_until(around.producers.settled, 10, "its message to be given up")
    assert events == []


def test_the_end_of_an_engine_stops_all() -> None:
    clock = Clock()
    lease = Lease(clock)
    lease.begin(clock.now)
    around = Around(clock=clock, lease=lease, producers=Producers(lease))
    failures: list[Failure | None] = []
    sink = around.sink(failures)
    around.producers.stop(60)  # it was never started
    around.producers.stop(60)
    wait_until(lambda: told(sink, failures), 60, "it to be given up")
    sink.close()
