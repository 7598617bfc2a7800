"""The repository's watch over a database that is slow to say how far behind the engines are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event

from prometheus_client import CollectorRegistry

from fixengine.actors.messages import ClaimDue, ExecutionsFreed, MarkPublished
from fixengine.actors.storage.limits import StorageLimits
from fixengine.actors.storage.repository import Repository
from fixengine.demo.waiting import wait_until
from fixengine.errors import SlowQueryError
from fixengine.ports.stores import Backlog, Claim, SchemaState
from fixengine.supervision.actor import Actor
from fixengine.supervision.lifecycle import Boot
from fixengine.supervision.refs import ActorRef
from fixengine.telemetry.backlog import RecentBacklog
from fixengine.telemetry.health import Health
from fixengine.telemetry.metrics.engine import EngineMetrics
from tests.support.no_tree import NoTree

FRONT = datetime(2026, 7, 28, 12, tzinfo=UTC)
HURRIED = StorageLimits(check_every=0.1, apart_within=0.05)


@dataclass
class Table:
    """Takes its time to count what is due."""

    seconds: float = 0
    fails: bool = False
    looks: int = 0

    def backlog(self, since: datetime) -> Backlog:
        assert since == FRONT
        self.looks += 1
        Event().wait(self.seconds)
        if self.fails:
            raise SlowQueryError("the database takes too long")
        return Backlog(due=1, oldest_due_age=0, unpublished=0, ledger_inserts=0, clock=0)


class Schema:
    """Is as it should be."""

    def prepare(self) -> SchemaState:
        return SchemaState()

    def check(self) -> SchemaState:
        return SchemaState()


@dataclass
class Session:
    """Counts how often it was looked after."""

    checks: int = 0
    readable_since: datetime = FRONT

    def open(self) -> None: ...

    def check(self) -> None:
        self.checks += 1

    def close(self) -> None: ...


@contextmanager
def repository(
    table: Table,
    session: Session,
    outbox: object = None,
    registry: CollectorRegistry | None = None,
) -> Iterator[ActorRef]:
    """Lend a repository between these."""
    metrics = EngineMetrics(registry or CollectorRegistry())
    running = Repository.start(
        schema=Schema(),
        orders=table,
        claims=session,
        outbox=outbox,
        retention=None,
        health=Health(gauge=metrics.up, tree=NoTree(), hung_after=60),
        metrics=metrics,
        recent_backlog=RecentBacklog(),
        limits=HURRIED,
    )
    try:
        running.ask(Boot(), timeout=60)
        wait_until(lambda: session.checks > 0, 60, "the database to be reached")
        yield running
    finally:
        running.stop()


def database_is_up_after_three_checks_of(table: Table) -> bool:
    session = Session()
    registry = CollectorRegistry()
    with repository(table, session, registry=registry):
        wait_until(lambda: session.checks >= 3, 60, "three checks")
    return registry.get_sample_value("fixengine_up", {"part": "database"}) == 1


def test_the_backlog_is_looked_at_with_each_check() -> None:
    table = Table()
    assert database_is_up_after_three_checks_of(table)
    assert table.looks >= 2  # the last one may be under way


def test_the_database_s_clock_is_compared_with_each_look() -> None:
    registry = CollectorRegistry()
    with repository(Table(), Session(), registry=registry):
        wait_until(
            lambda: (registry.get_sample_value("fixengine_clock_ahead_seconds") or 0) > 1e9,
            60,
            "a clock of 1970 to be found behind",
        )


def test_a_look_that_takes_long_is_taken_the_more_rarely() -> None:
    table = Table(seconds=0.5)
    assert database_is_up_after_three_checks_of(table)
    assert table.looks == 1


def test_a_count_that_takes_too_long_is_no_outage() -> None:
    assert database_is_up_after_three_checks_of(Table(fails=True))


class Claimer(Actor):
    """Notes that what it passed over is free."""

    def __init__(self, freed: list[ExecutionsFreed]) -> None:
        super().__init__()
        self._freed = freed

    def receive(self, message: ExecutionsFreed) -> None:
        self._freed.append(message)


@dataclass
class Claims(Session):
    """Finds nothing; `missed` says whether it should have."""

    missed: bool = False

    def published(self, fills: Sequence[tuple[int, int]]) -> bool:
        assert fills == ((1, 1), (2, 1))
        return self.missed

    def claim(self, limit: int) -> Claim:
        return Claim(executions=(), now=FRONT, next_due_in=None, more=False)


class Outbox:
    """Marks all."""

    def mark_published(self, fills: Sequence[tuple[int, int]]) -> int:
        return len(fills)


def test_who_claims_is_told_of_marks_that_free_what_it_passed_over() -> None:
    freed = list[ExecutionsFreed]()
    claims = Claims()
    mark = MarkPublished(fills=((1, 1), (2, 1)))
    claimer = Claimer.start(freed)
    with repository(Table(), claims, Outbox()) as running:
        running.ask(mark, timeout=60)  # nobody has claimed
        for missed in (False, True, False):
            claims.missed = missed
            running.ask(ClaimDue(limit=1, reply_to=claimer), timeout=60)
            assert running.ask(mark, timeout=60) == 2
    claimer.ask(ExecutionsFreed(), timeout=60)  # comes after all that it was told
    claimer.stop()
    assert freed == 2 * [ExecutionsFreed()]
