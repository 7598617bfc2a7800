"""What the database refuses is looked into before anything is blamed for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.asking import ask
from fixengine.actors.lifecycle import Boot
from fixengine.actors.messages import ActorRef, StoreOrders
from fixengine.actors.repository import Repository
from fixengine.errors import RejectedError, SchemaError
from fixengine.health import Health
from fixengine.metrics import EngineMetrics
from fixengine.ports import Backlog, SchemaState
from fixengine.pulse import Pulse
from tests.integration.rows import order
from tests.unit.actors.no_tree import NoTree
from tests.unit.actors.test_repository import FRONT, Session

REFUSED = RejectedError("the database refuses this", sqlstate="P0001")
WRONG = SchemaError("the schema is not as the engine needs it")


@dataclass
class World:
    """A database: what it answers to inserts, trials and checks, one after the other."""

    inserts: list[Exception | int] = field(default_factory=list)
    trials: list[Exception] = field(default_factory=list)
    checks: list[SchemaState | SchemaError] = field(default_factory=list)
    mends: int = 0

    def insert_orders(self, _orders: object, *, partitions: object) -> Any:
        assert partitions == {0}
        return _answer(self.inserts, 1)

    def backlog(self, _since: object) -> Backlog:
        return Backlog(due=0, oldest_due_age=0, unpublished=0, ledger_inserts=0)

    def prepare(self) -> SchemaState:
        return SchemaState()

    def check(self) -> Any:
        return _answer(self.checks, SchemaState())

    def mend(self) -> SchemaState:
        self.mends += 1
        return SchemaState()

    def try_out(self) -> None:
        _answer(self.trials, None)


def _answer(answers: list[Any], otherwise: Any) -> Any:
    answer = answers.pop(0) if answers else otherwise
    if isinstance(answer, Exception):
        raise answer
    return answer


class Subject:
    """A repository in a world, with its health."""

    def __init__(self, world: World) -> None:
        metrics = EngineMetrics(CollectorRegistry())
        self.health = Health(gauge=metrics.up, tree=NoTree())
        self.ref: ActorRef = Repository.start(
            schema=world,
            orders=world,
            claims=Session(readable_since=FRONT),
            outbox=None,
            retention=None,
            health=self.health,
            metrics=metrics,
            pulse=Pulse(),
        )
        ask(self.ref, Boot(), timeout=60)

    def store(self, *numbers: int) -> Any:
        orders = tuple((order(number), "A") for number in numbers)
        return ask(self.ref, StoreOrders(orders=orders, partitions=frozenset({0})), timeout=60)

    def said(self) -> tuple[bool, str]:
        parts: Any = self.health.ready().body["parts"]
        return parts["schema"]["up"], parts["schema"]["said"]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def subject(world: World) -> Iterator[Subject]:
    subject = Subject(world)
    yield subject
    subject.ref.stop()


def test_an_order_that_is_refused_beside_a_sound_one_is_at_fault(
    world: World, subject: Subject
) -> None:
    world.inserts += [REFUSED, REFUSED]
    with pytest.raises(RejectedError):
        subject.store(1)
    assert subject.said() == (True, "")


def test_an_order_that_is_taken_after_all_was_not_at_fault(world: World, subject: Subject) -> None:
    """Whoever changed the schema has put it right between its refusal and the trial."""
    world.inserts += [REFUSED]
    assert subject.store(1) == 1


def test_where_a_sound_order_is_refused_orders_wait_until_one_is_taken(
    world: World, subject: Subject
) -> None:
    world.inserts += [REFUSED]
    world.trials += [WRONG]
    with pytest.raises(SchemaError):
        subject.store(1)
    assert subject.said() == (False, str(WRONG))
    assert subject.store(1) == 1
    assert subject.said() == (True, "")


def test_what_was_mended_for_an_order_blames_nobody(world: World, subject: Subject) -> None:
    world.inserts += [REFUSED]
    world.checks += [SchemaState(mended=("column ticker was too short",))] * 2
    with pytest.raises(SchemaError, match="column ticker was too short"):
        subject.store(1)
    assert subject.store(1) == 1


def test_a_group_is_made_smaller_before_anything_is_looked_into(
    world: World, subject: Subject
) -> None:
    world.inserts += [REFUSED]
    world.trials += [WRONG]
    with pytest.raises(RejectedError):
        subject.store(1, 2)
    assert len(world.trials) == 1


def test_a_contradiction_is_mended_at_once_but_not_again_and_again(
    world: World, subject: Subject
) -> None:
    world.inserts += [WRONG] * 3
    for _ in range(3):
        with pytest.raises(SchemaError):
            subject.store(1, 2)
    assert world.mends == 1
