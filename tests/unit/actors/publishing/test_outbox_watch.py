"""When the outbox is looked into, and what becomes of the fills that are found there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event

import pytest

from fixengine.actors.messages import GetUnpublished
from fixengine.actors.publishing.outbox import OutboxClient
from fixengine.actors.publishing.outbox_watch import OutboxWatch
from fixengine.actors.publishing.pending import PendingFills
from fixengine.errors import SlowQueryError, UnavailableError
from fixengine.ports.kafka import Record
from fixengine.ports.stores import OutboxPage
from fixengine.rules.take_over_times import LEASE, SETTLE
from fixengine.rules.values import Fill
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef
from tests.support.executions import fill

FILL = fill(1)
SILENCE = 20.0
OTHER = Record(
    topic="fills", partition=0, offset=0, key=None, value=None, headers=(), timestamp_ms=None
)


@dataclass(slots=True)
class Looks:
    """How often the repository was asked for a page, which `takes` seconds of the clock `now`.

    The database may end a look, or only one behind the outbox's first page, which is full then.
    """

    now: list[float] = field(default_factory=lambda: [100.0])
    takes: float = 0.0
    scans: int = 0
    too_slow: bool = False
    too_slow_behind: bool = False


class Repository(Actor):
    """Has fills, which are this engine's."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks

    def receive(self, message: GetUnpublished) -> OutboxPage:
        self._looks.scans += 1
        self._looks.now[0] += self._looks.takes
        if self._looks.too_slow or message.after:
            raise SlowQueryError("the database takes too long")
        since = datetime(2026, 7, 28, tzinfo=UTC)
        number = message.limit if self._looks.too_slow_behind else 1
        fills = tuple(map(fill, range(1, number + 1)))
        return OutboxPage(fills=fills, since=since, seconds=0.5)


@dataclass(slots=True)
class Topic:
    """Each step of a look brings the next of what is `to_come`: nothing, then the end."""

    looks: int = 0
    away: bool = False
    to_come: list[tuple[Record, ...]] = field(default_factory=lambda: [()])

    def look(self, since: datetime, *, timeout: float) -> "Topic":
        self.looks += 1
        if self.away:
            raise UnavailableError("the broker does not answer")
        return self

    def read(self, timeout: float) -> tuple[Record, ...] | None:
        return self.to_come.pop(0) if self.to_come else None

    def close(self) -> None: ...


@dataclass(slots=True)
class Around:
    """A watch, its clock, and what it did."""

    watch: OutboxWatch
    topic: Topic
    looks: Looks
    sent: list[tuple[Fill, float]]
    under_way: Event

    @property
    def now(self) -> float:
        return self.looks.now[0]

    def wait(self, seconds: float) -> None:
        self.looks.now[0] += seconds


@pytest.fixture
def around() -> Iterator[Around]:
    looks = Looks()
    sent: list[tuple[Fill, float]] = []
    topic, under_way = Topic(), Event()
    repository: ActorRef = Repository.start(looks)
    watch = OutboxWatch(
        outbox=OutboxClient(repository, within=5.0),
        tail=topic,
        pending=PendingFills(),
        send=lambda fills, until: sent.extend((fill, until) for fill in fills),
        settled=lambda: not under_way.is_set(),
        silent_for=SILENCE,
        clock=lambda: looks.now[0],
    )
    yield Around(watch, topic, looks, sent, under_way)
    repository.stop()


def test_nothing_is_looked_for_while_messages_of_a_publisher_before_may_arrive(
    around: Around,
) -> None:
    around.wait(SETTLE - 0.1)
    around.watch.scan(older_than=0)
    assert around.topic.looks == 0
    around.wait(0.1)
    around.watch.scan(older_than=0)
    assert around.topic.looks == 1
    around.watch.step(0)
    around.watch.step(0)
    assert [fill for fill, _ in around.sent] == [FILL]


def test_nor_while_a_publisher_before_has_any_under_way(around: Around) -> None:
    around.under_way.set()
    for _ in range(5):
        around.wait(SETTLE)
        around.watch.scan(older_than=0)
    around.under_way.clear()
    around.wait(SETTLE - 0.1)
    around.watch.scan(older_than=0)
    assert around.topic.looks == 0
    around.wait(0.1)
    around.watch.scan(older_than=0)
    assert around.topic.looks == 1


def test_what_is_not_there_may_be_sent_for_as_long_as_the_last_page_proves(around: Around) -> None:
    around.wait(SETTLE)
    around.watch.scan(older_than=0)
    around.watch.step(0)
    around.wait(7)
    around.looks.takes = 0.5
    asked_at = around.now
    around.watch.step(0)
    assert around.now > asked_at
    assert around.sent == [(FILL, asked_at + LEASE)]


def test_a_check_goes_on_for_as_long_as_something_comes(around: Around) -> None:
    around.topic.to_come = [(OTHER,)] * 9
    around.wait(SETTLE)
    around.watch.scan(older_than=0)
    for _ in range(9):
        around.wait(SILENCE)
        around.watch.step(0)
    around.watch.step(0)
    assert [fill for fill, _ in around.sent] == [FILL]
    assert around.topic.looks == 1


def test_a_check_to_which_nothing_comes_is_given_up(around: Around) -> None:
    around.topic.to_come = [(OTHER,), (), ()]
    around.wait(SETTLE)
    around.watch.scan(older_than=0)
    around.watch.step(0)
    around.wait(SILENCE)
    around.watch.step(0)
    under_way = around.watch.checking
    around.wait(0.1)
    around.watch.step(0)
    assert under_way
    assert not around.watch.checking
    assert not around.sent
    around.watch.scan(older_than=0)  # and is made again
    assert around.topic.looks == 2


def test_looks_tell_what_they_cost_the_database(around: Around) -> None:
    assert around.watch.scan(older_than=0) == 0  # none was made
    around.wait(SETTLE)
    assert around.watch.scan(older_than=0) == 0.5


def test_an_outbox_that_is_known_to_be_empty_is_not_looked_into(around: Around) -> None:
    around.wait(SETTLE)
    around.watch.look(empty=True)
    assert around.looks.scans == 0
    around.watch.look(empty=False)
    assert around.looks.scans == 1


def test_an_outbox_that_got_empty_ends_the_wait_for_the_topic(around: Around) -> None:
    around.wait(SETTLE)
    around.topic.away = True
    around.watch.look(empty=False)
    assert around.watch.blind
    around.watch.look(empty=True)
    assert not around.watch.blind


def test_a_look_that_costs_is_taken_the_more_rarely(around: Around) -> None:
    around.wait(SETTLE)
    around.looks.too_slow = True
    for _ in range(3):
        around.watch.look(empty=False)
    assert around.looks.scans == 1
    around.wait(29)
    around.watch.look(empty=False)
    assert around.looks.scans == 1
    around.wait(1)
    around.watch.look(empty=False)
    assert around.looks.scans == 2


def test_a_look_that_was_ended_behind_a_page_counts_as_one(around: Around) -> None:
    around.wait(SETTLE)
    around.looks.too_slow_behind = True
    around.watch.look(empty=False)
    around.watch.step(0)
    around.watch.step(0)
    asked = around.looks.scans
    around.wait(29)
    around.watch.look(empty=False)
    assert around.looks.scans == asked
    around.wait(1)
    around.watch.look(empty=False)
    assert around.looks.scans > asked
