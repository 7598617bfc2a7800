"""What the database refuses is looked into before anything is blamed for it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from fixengine.actors.messages import StoreFills, StoreOrders
from fixengine.actors.storage.repository import Repository
from fixengine.errors import RejectedError, SchemaError
from fixengine.ports.stores import Backlog, SchemaState, Stored
from fixengine.rules.halving import Tried
from fixengine.rules.values import Change, ChangeKind, Fill, Order, Postponed
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.refs import ActorRef, ask
from fixengine.telemetry.backlog import RecentBacklog
from fixengine.telemetry.health import Health
from fixengine.telemetry.metrics.engine import EngineMetrics
from tests.support.executions import execution, fill
from tests.support.no_tree import NoTree
from tests.support.rows import order
from tests.unit.actors.storage.test_repository import FRONT, Session

REFUSED = RejectedError("the database refuses this", sqlstate="P0001")
WRONG = SchemaError("the schema is not as the engine needs it")


@dataclass
class World:
    """A database: what it answers to inserts, trials and checks, one after the other.

    `refused` are the numbers that it refuses when orders are tried apart, and `most` how many
    orders there is time for.
    """

    inserts: list[Exception | int] = field(default_factory=list)
    refused: list[set[int]] = field(default_factory=list)
    most: list[int] = field(default_factory=list)
    trials: list[Exception | None] = field(default_factory=list)
    checks: list[SchemaState | SchemaError] = field(default_factory=list)
    mends: int = 0

    def insert_orders(self, _orders: object, *, partitions: object) -> Any:
        assert partitions == {0}
        return _answer(self.inserts, 1)

    def insert_apart(
        self, orders: Sequence[tuple[Order, str]], *, partitions: Collection[int], within: float
    ) -> Tried:
        assert partitions == {0}
        assert within > 0
        tried = orders[: _answer(self.most, len(orders))]
        refused: set[int] = _answer(self.refused, set())
        places = [place for place, (each, _) in enumerate(tried) if each.id in refused]
        return Tried(count=len(tried), refused=dict.fromkeys(places, "refused"))

    def backlog(self, _since: object) -> Backlog:
        return Backlog(due=0, oldest_due_age=0, unpublished=0, ledger_inserts=0, clock=0)

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

    def __init__(self, world: World, claims: Any = None) -> None:
        metrics = EngineMetrics(CollectorRegistry())
        self.health = Health(gauge=metrics.up, tree=NoTree())
        self.ref: ActorRef = Repository.start(
            schema=world,
            orders=world,
            claims=claims or Session(readable_since=FRONT),
            outbox=None,
            retention=None,
            health=self.health,
            metrics=metrics,
            recent_backlog=RecentBacklog(),
        )
        ask(self.ref, Boot(), timeout=60)

    def store(self, *numbers: int) -> Tried:
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


def test_orders_that_are_refused_beside_a_sound_one_are_at_fault(
    world: World, subject: Subject
) -> None:
    world.inserts += [REFUSED]
    world.refused += [{2, 3}] * 2
    assert subject.store(1, 2, 3, 4) == Tried(count=4, refused={1: "refused", 2: "refused"})
    assert subject.said() == (True, "")


def test_an_order_that_is_taken_after_all_was_not_at_fault(world: World, subject: Subject) -> None:
    """Whoever changed the schema has put it right between its refusal and the trial."""
    world.inserts += [REFUSED]
    world.refused += [{1, 2}, {2}]
    assert subject.store(1, 2) == Tried(count=2, refused={1: "refused"})


def test_where_a_sound_order_is_refused_orders_wait_until_one_is_taken(
    world: World, subject: Subject
) -> None:
    world.inserts += [REFUSED]
    world.refused += [{1}]
    world.trials += [WRONG]
    with pytest.raises(SchemaError):
        subject.store(1, 2)
    assert subject.said() == (False, str(WRONG))
    assert subject.store(1, 2) == Tried(count=2)
    assert subject.said() == (True, "")


def test_what_was_mended_for_an_order_blames_nobody(world: World, subject: Subject) -> None:
    world.inserts += [REFUSED]
    world.refused += [{1}]
    world.checks += [SchemaState(mended=("column ticker was too short",))] * 2
    with pytest.raises(SchemaError, match="column ticker was too short"):
        subject.store(1)
    assert subject.store(1) == Tried(count=1)


def test_the_schema_is_looked_into_once_for_all_that_are_refused_together(
    world: World, subject: Subject
) -> None:
    world.inserts += [REFUSED]
    world.refused += [set(range(50))] * 2
    world.trials += [None, WRONG]
    assert len(subject.store(*range(100)).refused) == 50
    assert world.trials == [WRONG]


@pytest.mark.parametrize(
    ("most", "count", "refused"),
    [
        ([1], 1, set()),
        ([2], 2, {1}),
        ([4], 4, {1, 2, 3}),
        ([5, 2], 3, {1, 2}),
        ([5, 1], 2, {1}),
        ([5, 3], 5, {1, 2, 3}),
    ],
)
def test_what_there_was_no_time_for_has_yet_to_be_tried(
    world: World, subject: Subject, most: list[int], count: int, refused: set[int]
) -> None:
    world.inserts += [REFUSED]
    world.refused += [{2, 3, 4}] * 2
    world.most += most
    tried = subject.store(1, 2, 3, 4, 5)
    assert (tried.count, {*tried.refused}) == (count, refused)


def test_a_contradiction_is_mended_at_once_but_not_again_and_again(
    world: World, subject: Subject
) -> None:
    world.inserts += [WRONG] * 3
    for _ in range(3):
        with pytest.raises(SchemaError):
            subject.store(1, 2)
    assert world.mends == 1


@dataclass
class Claims(Session):
    """Takes no fills together; `refused` are the ids that it refuses in each try after that."""

    refused: list[set[int]] = field(default_factory=list)
    tried: list[set[int]] = field(default_factory=list)
    off: set[int] = field(default_factory=set)

    def store(self, _fills: object, _postponed: object, _ended: object) -> Any:
        raise REFUSED

    def store_apart(
        self,
        fills: Sequence[Fill],
        postponed: Sequence[Postponed],
        ended: Sequence[Change],
        *,
        within: float,
    ) -> Stored:
        assert within > 0
        ids = {fill.execution.id for fill in (*fills, *(each.fill for each in ended))}
        self.tried.append(ids | {each.execution_id for each in postponed})
        refused = self.refused.pop(0) & self.tried[-1]
        return Stored(ids=frozenset(ids - refused), refused=dict.fromkeys(refused, "refused"))

    def put_off(self, refused: Iterable[int], *, within: float) -> None:
        assert within > 0
        self.off.update(refused)


def settle(subject: Subject) -> Stored:
    """Have the fills of 1 and 2 stored, the end of 3, and 4 postponed."""
    over = Change(kind=ChangeKind.EXPIRE, before=execution(id=3).terms, fill=fill(3), key=None)
    message = StoreFills(
        fills=(fill(1), fill(2)), postponed=(Postponed(4, 1, FRONT),), ended=(over,)
    )
    return ask(subject.ref, message, timeout=60)


def test_what_is_refused_before_and_after_the_schema_was_sound_is_put_off_together(
    world: World,
) -> None:
    claims = Claims(readable_since=FRONT, refused=[{2, 3, 4}, {3, 4}])
    world.trials += [None, WRONG]
    subject = Subject(world, claims)
    stored = settle(subject)
    subject.ref.stop()
    assert stored == Stored(ids=frozenset({1, 2}), refused={3: "refused", 4: "refused"})
    assert claims.tried == [{1, 2, 3, 4}, {2, 3, 4}]
    assert claims.off == {3, 4}
    assert world.trials == [WRONG]


def test_where_a_sound_fill_is_refused_none_is_put_off(world: World) -> None:
    claims = Claims(readable_since=FRONT, refused=[{2}])
    world.trials += [WRONG]
    subject = Subject(world, claims)
    with pytest.raises(SchemaError):
        settle(subject)
    assert subject.said() == (False, str(WRONG))
    subject.ref.stop()
    assert claims.off == set()
