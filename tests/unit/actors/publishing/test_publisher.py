"""When acknowledged fills leave the outbox: together, and none waits for long."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from math import inf
from time import monotonic
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.messages import (
    DeadLetterTopic,
    FillsPublished,
    GetUnpublished,
    MarkPublished,
    PublishFills,
    TakeOverOutbox,
)
from fixengine.actors.publishing.limits import PublisherLimits
from fixengine.actors.publishing.publisher import Publisher
from fixengine.demo.waiting import wait_until
from fixengine.errors import UnavailableError
from fixengine.ports.kafka import TailLook
from fixengine.ports.stores import OutboxPage, TakeOver
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.refs import ActorRef
from fixengine.telemetry.health import Health
from fixengine.telemetry.metrics.engine import EngineMetrics
from tests.support.executions import fill
from tests.support.kafka.broker import Broker
from tests.support.no_tree import NoTree

often = pytest.mark.parametrize("limits", [PublisherLimits(look_every=0.01)])


class NoTopic:
    """Nobody looks into it here."""

    def look(self, since: datetime, *, timeout: float) -> TailLook:
        raise AssertionError


class Repository(Actor):
    def __init__(self, marked: list[tuple[int, ...]], looks: list[TakeOverOutbox]) -> None:
        super().__init__()
        self._marked = marked
        self._looks = looks

    def receive(
        self, message: MarkPublished | TakeOverOutbox | GetUnpublished
    ) -> int | TakeOver | OutboxPage:
        if isinstance(message, TakeOverOutbox):
            self._looks.append(message)
            return TakeOver(gone=frozenset(), fills=0, own=True)
        if isinstance(message, GetUnpublished):
            return OutboxPage(fills=(), since=None)
        self._marked.append(tuple(execution_id for execution_id, _ in message.fills))
        return len(message.fills)


class Scheduler(Actor):
    def __init__(self, heard: list[int]) -> None:
        super().__init__()
        self._heard = heard

    def receive(self, message: FillsPublished) -> None:
        self._heard.append(message.count)


class DeadLetters(Actor):
    def __init__(self, told: list[str | None]) -> None:
        super().__init__()
        self._told = told

    def receive(self, message: DeadLetterTopic) -> None:
        self._told.append(message.refused)


@dataclass(slots=True)
class Around:
    """What a publisher has marked, how many fills its scheduler heard of, when it has looked for
    engines that are gone, what it told of the dead letters' topic, and ways to have it publish and
    stop.
    """

    publish: Callable[[int], None]
    publish_for_nobody: Callable[[int], None]
    stop: Callable[[], object]
    broker: Broker
    health: Health
    marked: list[tuple[int, ...]]
    heard: list[int]
    looks: list[TakeOverOutbox]
    told: list[str | None]


@pytest.fixture
def lets() -> float:
    return inf


@pytest.fixture
def refused() -> Mapping[str, str] | None:
    return {}


@pytest.fixture
def limits() -> PublisherLimits:
    return PublisherLimits()


@pytest.fixture
def around(
    lets: float, refused: Mapping[str, str] | None, limits: PublisherLimits
) -> Iterator[Around]:
    marked: list[tuple[int, ...]] = []
    heard: list[int] = []
    looks: list[TakeOverOutbox] = []
    told: list[str | None] = []
    broker = Broker(lets=lets, refused=refused)
    repository, scheduler = Repository.start(marked, looks), Scheduler.start(heard)
    dead_letters = DeadLetters.start(told)
    metrics = EngineMetrics(CollectorRegistry())
    health = Health(gauge=metrics.up, tree=NoTree(), hung_after=60)
    publisher = Publisher.start(
        sink=broker,
        tail=NoTopic(),
        repository=repository,
        dead_letters=dead_letters,
        health=health,
        metrics=metrics,
        fills_topic="fills",
        dlq_topic="dlq",
        settled=lambda: True,
        limits=limits,
    )
    for actor in (repository, dead_letters, scheduler, publisher):
        actor.ask(Boot())

    def publish(reply_to: ActorRef | None, number: int) -> None:
        fills = tuple(fill(id_) for id_ in range(1, number + 1))
        publisher.tell(PublishFills(fills=fills, until=monotonic() + 60, reply_to=reply_to))

    yield Around(
        publish=partial(publish, scheduler),
        publish_for_nobody=partial(publish, None),
        stop=partial(publisher.stop, block=False),
        broker=broker,
        health=health,
        marked=marked,
        heard=heard,
        looks=looks,
        told=told,
    )
    broker.lets = inf  # a stop waits for what is on its way
    for actor in (publisher, scheduler, dead_letters, repository):
        actor.stop()


def test_fills_that_are_acknowledged_one_after_the_other_are_marked_together(
    around: Around,
) -> None:
    def are_gathered() -> bool:
        """Tell whether they took 20 ms at the most, or a multiple: a busy machine takes longer."""
        before = len(around.marked)
        around.publish(20)
        wait_until(lambda: sum(map(len, around.marked[before:])) == 20, 60, "all marks")
        return len(around.marked) - before < 10

    wait_until(are_gathered, 60, "them to be marked together")


@pytest.mark.parametrize("lets", [0])
def test_fills_of_which_nobody_wants_to_hear_are_published_like_any_other(around: Around) -> None:
    around.publish_for_nobody(1)
    around.publish_for_nobody(2)  # the first is on its way
    around.broker.lets = inf
    wait_until(lambda: {*chain(*around.marked)} == {1, 2}, 60, "all marks")


@pytest.mark.parametrize("lets", [0])
def test_a_scheduler_hears_of_all_that_it_told_of_also_of_what_was_known(around: Around) -> None:
    around.publish(2)
    around.publish(3)  # two of them are on their way
    wait_until(lambda: sum(around.heard) == 2, 60, "those that were known")
    around.broker.lets = inf
    wait_until(lambda: sum(around.heard) == 5, 60, "those that are published")


@pytest.mark.parametrize("lets", [3])
def test_no_fill_waits_for_one_that_does_not_get_through(around: Around) -> None:
    around.publish(4)
    wait_until(lambda: sum(map(len, around.marked)) == 3, 60, "all marks but one")
    assert 4 not in set(chain(*around.marked))


def test_a_stop_publishes_what_it_has_overtaken(around: Around) -> None:
    around.broker.holds.set()
    around.publish(1)
    assert around.broker.held.wait(60)
    around.publish(2)
    around.stop()
    around.broker.holds.clear()
    wait_until(lambda: 2 in set(chain(*around.marked)), 60, "the second to be marked")


@pytest.mark.parametrize("refused", [{"dlq": "topic dlq can't be created"}])
def test_a_topic_of_dead_letters_that_can_not_be_created_is_no_fault_of_the_broker(
    around: Around, refused: Mapping[str, str]
) -> None:
    wait_until(lambda: around.looks and around.told, 60, "a look at the broker")
    assert around.told == [refused["dlq"]]
    assert said_of_the_broker(around) == {"up": True, "said": ""}


@pytest.mark.parametrize("refused", [None, {"fills": "topic fills can't be created"}])
def test_nothing_is_taken_over_by_an_engine_that_could_not_publish_it(around: Around) -> None:
    wait_until(lambda: said_of_the_broker(around)["said"] != "not reached yet", 60, "a look")
    assert around.looks == []


@pytest.mark.parametrize("lets", [0])
@pytest.mark.parametrize("limits", [PublisherLimits(unanswered_for=0.1, look_every=0.1)])
def test_a_broker_that_leaves_all_fills_unanswered_is_said_to(
    around: Around, events: list[str]
) -> None:
    wait_until(lambda: said_of_the_broker(around)["up"], 60, "the first look at the broker")
    around.publish(3)
    words = "the broker does not answer for 3 fills, the first has waited for"
    wait_until(lambda: words in said_of_the_broker(around)["said"], 60, "the silence to be told of")
    around.broker.lets = 3
    wait_until(lambda: not said_of_the_broker(around)["said"], 60, "the broker to answer again")
    assert [event for event in events if "fills" in event] == [
        "fills do not get through, they are tried again",
        "the broker takes fills again",
    ]


def said_of_the_broker(around: Around) -> dict[str, Any]:
    parts = around.health.ready().body["parts"]
    assert isinstance(parts, dict)
    said: dict[str, Any] = parts["broker"]
    return said


@often
def test_a_broker_of_the_cluster_that_can_not_be_reached_is_named(around: Around) -> None:
    around.broker.far = "broker 2 advertises nowhere:9092, which can't be used"
    wait_until(lambda: "nowhere:9092" in str(around.health.ready().body), 60, "its name")


@often
def test_a_broker_that_does_not_answer_every_time_does_not_come_and_go(around: Around) -> None:
    wait_until(lambda: said_of_the_broker(around)["up"], 60, "the broker to be up")
    around.broker.slow = True
    ups = set()

    def looked() -> bool:
        ups.add(said_of_the_broker(around)["up"])
        return around.broker.looks > 100

    wait_until(looked, 60, "a hundred looks")
    assert ups == {True}
    around.broker.refused = None
    wait_until(lambda: not said_of_the_broker(around)["up"], 60, "the broker to be down")
    assert "does not answer" in str(said_of_the_broker(around)["said"])


@often
def test_a_producer_that_can_not_go_on_is_a_state_until_another_one_can(
    around: Around, events: list[str]
) -> None:
    around.broker.error = UnavailableError("the producer can't go on: no WRITE")
    around.publish(3)
    wait_until(lambda: around.broker.opened > 3, 60, "other producers")
    assert said_of_the_broker(around) == {"up": False, "said": "the producer can't go on: no WRITE"}
    around.broker.error = None
    wait_until(
        lambda: said_of_the_broker(around)["said"].startswith("fills are refused"), 60, "one"
    )
    assert events.count("fills do not get through, they are tried again") == 1
    assert not around.marked  # they may have arrived, and are looked for on the topic first


@often
def test_a_producer_that_breaks_while_it_has_nothing_to_do_is_replaced_too(around: Around) -> None:
    wait_until(lambda: said_of_the_broker(around)["up"], 60, "the broker to be up")
    around.broker.error = UnavailableError("the producer can't go on: no WRITE")
    wait_until(lambda: not said_of_the_broker(around)["up"], 60, "the producer to be missed")
    around.broker.error = None
    wait_until(lambda: said_of_the_broker(around)["up"], 60, "another one")
    around.publish(2)
    wait_until(lambda: sum(map(len, around.marked)) == 2, 60, "both marks")
