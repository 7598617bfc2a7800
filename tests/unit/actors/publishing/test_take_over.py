"""When the fills of engines that are gone are adopted, and when they are left alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.messages import TakeOverOutbox
from fixengine.actors.publishing.outbox import OutboxClient
from fixengine.actors.publishing.take_over import TakeOvers
from fixengine.errors import SlowQueryError
from fixengine.ports.stores import TakeOver
from fixengine.rules.take_over_times import TAKE_OVER_AFTER
from fixengine.supervision.actor import Actor
from fixengine.supervision.refs import ActorRef
from fixengine.telemetry.metrics.engine import EngineMetrics

GONE = 7


@dataclass(slots=True)
class Looks:
    """What was suspected in each look, at what cost, and a clock."""

    now: float = 100.0
    costs: float = 0.0
    too_slow: bool = False
    own: bool = True
    suspected: list[frozenset[int]] = field(default_factory=list)


class Repository(Actor):
    """Knows of an engine that is gone."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks

    def receive(self, message: TakeOverOutbox) -> TakeOver:
        self._looks.suspected.append(message.suspects)
        if self._looks.too_slow:
            raise SlowQueryError("the database takes too long")
        return TakeOver(
            gone=frozenset({GONE}), fills=0, own=self._looks.own, seconds=self._looks.costs
        )


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
def take_overs(looks: Looks) -> Iterator[TakeOvers]:
    repository: ActorRef = Repository.start(looks)
    outbox = OutboxClient(repository, within=60.0)
    yield TakeOvers(outbox, EngineMetrics(CollectorRegistry()), clock=lambda: looks.now)
    repository.stop()


def test_fills_of_an_engine_that_is_gone_for_long_are_taken_over(
    take_overs: TakeOvers, looks: Looks
) -> None:
    take_overs.look(checking=False)
    looks.now += TAKE_OVER_AFTER - 0.1
    take_overs.look(checking=False)
    looks.now += 0.1
    take_overs.look(checking=False)
    assert looks.suspected == [frozenset(), frozenset(), frozenset({GONE})]


def test_but_not_while_a_look_at_the_topic_is_under_way(
    take_overs: TakeOvers, looks: Looks
) -> None:
    take_overs.look(checking=False)
    looks.now += TAKE_OVER_AFTER
    take_overs.look(checking=True)
    take_overs.look(checking=False)
    assert looks.suspected == [frozenset(), frozenset(), frozenset({GONE})]


def test_a_look_says_whether_this_engine_may_have_fills_there(
    take_overs: TakeOvers, looks: Looks
) -> None:
    assert take_overs.look(checking=False)
    looks.own = False
    assert not take_overs.look(checking=False)
    looks.costs = 0.25
    assert not take_overs.look(checking=False)
    assert take_overs.look(checking=False), "it was too early for a look, and nobody knows"


def test_a_look_that_costs_the_database_much_is_taken_rarely(
    take_overs: TakeOvers, looks: Looks
) -> None:
    looks.costs = 0.25
    for _ in range(3):
        take_overs.look(checking=False)
    assert len(looks.suspected) == 1
    looks.now += 25
    take_overs.look(checking=False)
    assert len(looks.suspected) == 2


def test_a_look_that_the_database_ends_is_taken_again_later(
    take_overs: TakeOvers, looks: Looks
) -> None:
    looks.too_slow = True
    for _ in range(3):
        take_overs.look(checking=False)
    looks.now += 30
    looks.own = False
    assert take_overs.look(checking=False)
    assert len(looks.suspected) == 2
