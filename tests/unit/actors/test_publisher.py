"""When acknowledged fills leave the outbox, and how often the outbox is looked into."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from time import monotonic, sleep

import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.base import Actor
from fixengine.actors.lifecycle import Boot
from fixengine.actors.messages import FillsPublished, MarkPublished, PublishFills, TakeOverOutbox
from fixengine.actors.publisher import Publisher
from fixengine.demo.waiting import wait_until
from fixengine.domain import Fill
from fixengine.errors import SlowQueryError
from fixengine.health import Health
from fixengine.metrics import EngineMetrics
from fixengine.pacing import rest_after
from fixengine.ports import Headers, TailLook, TakeOver
from tests.unit.actors.no_tree import NoTree
from tests.unit.executions import execution


@dataclass(slots=True)
class Broker:
    """Acknowledges, one a poll, as many messages as it is let to."""

    lets: int
    waiting: deque[Callable[[str | None], None]] = field(default_factory=deque)

    def open(self) -> None: ...

    def ensure_topics(self, timeout: float) -> None: ...

    def produce(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        on_delivery: Callable[[str | None], None],
    ) -> None:
        self.waiting.append(on_delivery)

    def poll(self, timeout: float) -> None:
        if self.lets and self.waiting:
            self.lets -= 1
            self.waiting.popleft()(None)
        else:
            sleep(min(timeout, 0.001))

    def close(self) -> None: ...


class NoTopic:
    """Nobody looks into it here."""

    def look(self, since: datetime, *, timeout: float) -> TailLook:
        raise AssertionError


class Repository(Actor):
    """Marks at once, and takes `look_takes` seconds to give up a look into the outbox, if any."""

    def __init__(self, marked: list[tuple[int, ...]], looks: list[float], takes: float) -> None:
        super().__init__()
        self._marked = marked
        self._looks = looks
        self._takes = takes

    def receive(self, message: MarkPublished | TakeOverOutbox) -> int | TakeOver:
        if isinstance(message, TakeOverOutbox):
            self._looks.append(monotonic())
            if self._takes:
                sleep(self._takes)
                raise SlowQueryError("the database takes too long")
            return TakeOver(gone=frozenset(), fills=0)
        self._marked.append(tuple(execution_id for execution_id, _ in message.fills))
        return len(message.fills)


class Scheduler(Actor):
    def receive(self, message: FillsPublished) -> None: ...


@dataclass(slots=True)
class Around:
    """What a publisher has marked, when it looked, and a way to have it publish."""

    publish: Callable[[int], None]
    marked: list[tuple[int, ...]]
    looks: list[float]


@pytest.fixture
def lets() -> int:
    return 1_000


@pytest.fixture
def takes() -> float:
    return 0.0


@pytest.fixture
def around(lets: int, takes: float, monkeypatch: pytest.MonkeyPatch) -> Iterator[Around]:
    monkeypatch.setattr("fixengine.actors.publisher.SWEEP_INTERVAL", 0.01)
    marked: list[tuple[int, ...]] = []
    looks: list[float] = []
    broker = Broker(lets=lets)
    repository, scheduler = Repository.start(marked, looks, takes), Scheduler.start()
    metrics = EngineMetrics(CollectorRegistry())
    publisher = Publisher.start(
        sink=broker,
        tail=NoTopic(),
        repository=repository,
        health=Health(gauge=metrics.up, tree=NoTree(), hung_after=60),
        metrics=metrics,
        fills_topic="fills",
        dlq_topic="dlq",
    )
    for actor in (repository, scheduler, publisher):
        actor.ask(Boot())

    def publish(number: int) -> None:
        fills = tuple(_fill(id_) for id_ in range(1, number + 1))
        publisher.tell(PublishFills(fills=fills, until=monotonic() + 60, reply_to=scheduler))

    yield Around(publish, marked, looks)
    broker.lets = 1_000  # a stop waits for what is on its way
    for actor in (publisher, scheduler, repository):
        actor.stop()


def test_fills_that_are_acknowledged_one_after_the_other_are_marked_together(
    around: Around,
) -> None:
    around.publish(20)
    wait_until(lambda: sum(map(len, around.marked)) == 20, 5, "all marks")
    assert len(around.marked) < 5


@pytest.mark.parametrize("lets", [3])
def test_no_fill_waits_for_one_that_does_not_get_through(around: Around) -> None:
    around.publish(4)
    wait_until(lambda: bool(around.marked), 5, "a mark")
    assert around.marked == [(1, 2, 3)]


@pytest.mark.parametrize("takes", [0.1])
def test_looks_that_take_long_are_rare(around: Around, takes: float) -> None:
    wait_until(lambda: len(around.looks) == 2, 10, "two looks")
    assert around.looks[1] - around.looks[0] >= rest_after(takes)


def _fill(id_: int) -> Fill:
    return Fill(
        quantity=Decimal(1),
        price=Decimal(1),
        announced=True,
        execution=execution(id=id_, number_of_fills=1),
    )
