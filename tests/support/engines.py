"""Engines within the test's own process, to look into and to break."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fixengine.actors.filling.limits import FILL_LIMITS, FillLimits
from fixengine.actors.storage.limits import STORAGE_LIMITS, StorageLimits
from fixengine.config import load
from fixengine.demo.audit.report import Expectations, audit
from fixengine.demo.feed.feed import FedOrder
from fixengine.demo.feed.sending import send_orders
from fixengine.demo.feed.universe import all_listings
from fixengine.demo.neighbours.services import PricingService, SecurityService
from fixengine.demo.servers.broker import Broker
from fixengine.demo.stack import engine_settings
from fixengine.demo.topics import TopicNames, create_topic
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.engine.engine import Engine
from fixengine.ports.kafka import Record
from fixengine.supervision.refs import ActorRef
from fixengine.telemetry.health import HUNG_AFTER
from tests.support import rows
from tests.support.done import wait_until_done
from tests.support.kafka.letters import read_letters
from tests.support.stubs import running
from tests.support.waiting import wait_for_number

FAST = {"FILL_DELAY_FIRST": "0", "FILL_DELAY_MIN": "0.02", "FILL_DELAY_MAX": "0.2"}

ATTENTIVE = StorageLimits(check_schema_every=2.0, check_faults_every=1.0)
"""For engines that look at their schema more often."""


@dataclass(slots=True, kw_only=True)
class Surroundings:
    """What engines of one test share: a database, topics of their own, the neighbours."""

    dsn: str
    broker: Broker
    topics: TopicNames
    workspace: Workspace
    securities: SecurityService
    prices: PricingService
    storage: StorageLimits
    filling: FillLimits = FILL_LIMITS
    failures: list[str] = field(default_factory=list)

    def environment(self, **overrides: str) -> dict[str, str]:
        """Return an engine's settings with ports of its own."""
        return {
            **engine_settings(self.workspace, self.broker, self.topics, dsn=self.dsn),
            "SECURITY_SVC_URL": self.securities.url,
            "PRICING_SVC_URL": self.prices.url,
            **FAST,
            **overrides,
        }

    @contextmanager
    def engine(
        self, name: str = "engine", *, hung_after: float = HUNG_AFTER, **overrides: str
    ) -> Iterator[Engine]:
        """Lend a started engine, ready unless something is away."""
        engine = Engine(
            load(self.environment(**overrides)),
            pod=name,
            on_failure=self.failures.append,
            hung_after=hung_after,
            storage=self.storage,
            filling=self.filling,
        )
        engine.start()
        try:
            yield engine
        finally:
            assert engine.stop() == ()

    def send(self, *orders: FedOrder) -> None:
        send_orders(self.broker.bootstrap, self.topics.orders, orders)

    def count(self, condition: str) -> int:
        return rows.count(self.dsn, condition)

    def wait_for(self, condition: str, number: int, seconds: float = 60) -> None:
        """Wait until there are so many rows; their number may stand still for `seconds`."""
        with rows.counting(self.dsn) as count:
            wait_for_number(
                lambda: count(condition),
                lambda found: found == number,
                seconds,
                f"{number} rows of {condition}",
            )

    def wait_for_more(self, condition: str, number: int, seconds: float = 60) -> None:
        rows.wait_for_more(self.dsn, condition, number, seconds)

    def letters(self) -> tuple[Record, ...]:
        """Return a dead letter of each order that has one."""
        return read_letters(self.broker.bootstrap, self.topics.dlq)

    def wait_until_done(self, orders: tuple[FedOrder, ...]) -> None:
        """Wait until all of `orders` is filled, published or buried."""
        wait_until_done(
            orders, dsn=self.dsn, bootstrap=self.broker.bootstrap, topics=self.topics, seconds=60
        )

    def assert_the_ledger_holds(
        self, orders: tuple[FedOrder, ...], expectations: Expectations | None = None
    ) -> None:
        report = audit(
            orders,
            dsn=self.dsn,
            bootstrap=self.broker.bootstrap,
            topics=self.topics,
            expectations=expectations,
        )
        assert report.ok, "\n".join((report.summary(), *report.problems[:20]))


@contextmanager
def surroundings(
    *,
    dsn: str,
    broker: Broker,
    topics: TopicNames,
    workspace: Workspace,
    storage: StorageLimits = STORAGE_LIMITS,
) -> Iterator[Surroundings]:
    """Lend the surroundings with the neighbours started and the topic made."""
    listings = all_listings()
    port = workspace.reserve_port
    create_topic(broker.bootstrap, topics.orders)
    with (
        running(SecurityService(port=port(), listings=listings)) as securities,
        running(PricingService(port=port(), listings=listings)) as prices,
    ):
        yield Surroundings(
            dsn=dsn,
            broker=broker,
            topics=topics,
            workspace=workspace,
            securities=securities,
            prices=prices,
            storage=storage,
        )


def ref(engine: Engine, name: str) -> ActorRef:
    """Return the present incarnation of an actor."""
    found = engine.tree.ref(name)
    assert found is not None
    return found


def restarts(engine: Engine) -> dict[str, int]:
    return {child.name: child.restarts for child in engine.tree.snapshot()}


def total(engine: Engine, name: str) -> float:
    """Return the sum of a metric's samples."""
    return sum(
        sample.value
        for family in engine.registry.collect()
        for sample in family.samples
        if sample.name == name
    )


def wait_until_ready(engine: Engine, seconds: float = 60) -> None:
    wait_until(lambda: engine.health.ready().ok, seconds, "the engine to be ready")


def busy_for(engine: Engine, name: str) -> float:
    """Return how many seconds an actor has been at its message."""
    (state,) = (state for state in engine.tree.snapshot() if state.name == name)
    return state.busy_for or 0


def part(engine: Engine, name: str) -> dict[str, Any]:
    """Return what /readyz says of one part."""
    parts = engine.health.ready().body["parts"]
    assert isinstance(parts, dict)
    described: dict[str, Any] = parts[name]
    return described
