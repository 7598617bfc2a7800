"""The applications over stand-ins for the database and the probes."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import pytest
from falcon.inspect import inspect_compiled_router, register_router
from falcon.testing import TestClient
from prometheus_client import CollectorRegistry

from fixengine.http.app import App, probe_app, rest_app
from fixengine.http.serving.router import Router
from fixengine.ports.queries import (
    Evaluation,
    ExecutionQuery,
    LedgerQuery,
    Overview,
    ShownExecution,
    Totals,
)
from fixengine.rules.changes import ChangeDecision, ChangeRequest
from fixengine.rules.values import Execution
from fixengine.telemetry.health import Verdict
from fixengine.telemetry.metrics.http import HttpMetrics
from tests.support.executions import SENT, execution, shown

register_router(Router)(inspect_compiled_router)

TOKEN = "a-token-for-operators"


@dataclass
class Reader:
    """Executions in memory; `queries` are those asked, `failure` is raised when it is set.

    `on_asked` is called before each answer.
    """

    executions: list[Execution] = field(default_factory=list)
    ledger: list[Evaluation] = field(default_factory=list)
    queries: list[ExecutionQuery] = field(default_factory=list)
    failure: Exception | None = None
    on_asked: Callable[[], object] = lambda: None

    def by_id(self, execution_ids: Collection[int]) -> Mapping[int, ShownExecution]:
        self._begin()
        return {each.id: shown(each) for each in self.executions if each.id in execution_ids}

    def page(self, query: ExecutionQuery) -> tuple[ShownExecution, ...]:
        self._begin()
        self.queries.append(query)
        below = [
            each
            for each in sorted(self.executions, key=lambda each: -each.id)
            if query.before_id is None or each.id < query.before_id
        ]
        return tuple(map(shown, below[: query.limit]))

    def fills(self, query: LedgerQuery) -> tuple[Evaluation, ...] | None:
        self._begin()
        if all(each.id != query.execution_id for each in self.executions):
            return None
        above = [
            each
            for each in self.ledger
            if each.entry.execution_id == query.execution_id and each.entry.number > query.after
        ]
        return tuple(above[: query.limit])

    def _begin(self) -> None:
        self.on_asked()
        if self.failure is not None:
            raise self.failure


@dataclass
class Overviews:
    """An overview to set; `failure` is raised when it is set."""

    given: Overview = field(
        default_factory=lambda: Overview(
            totals=Totals(by_status={}, counted_at=SENT),
            backlog=None,
            fills_per_second=None,
            lag=None,
        )
    )
    failure: Exception | None = None

    def overview(self) -> Overview:
        if self.failure is not None:
            raise self.failure
        return self.given


@dataclass
class Desk:
    """A decision to set; `asked` are the requests, `failure` is raised when it is set."""

    decision: ChangeDecision = field(
        default_factory=lambda: ChangeDecision(execution=execution(version=2))
    )
    asked: list[ChangeRequest] = field(default_factory=list)
    failure: Exception | None = None

    def change(self, request: ChangeRequest) -> ChangeDecision:
        self.asked.append(request)
        if self.failure is not None:
            raise self.failure
        return self.decision


@dataclass
class Probes:
    """Verdicts to set."""

    alive: bool = True
    is_ready: bool = True

    def live(self) -> Verdict:
        return Verdict(ok=self.alive, body={"alive": self.alive})

    def ready(self) -> Verdict:
        return Verdict(ok=self.is_ready, body={"ready": self.is_ready, "parts": {}})


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def probes() -> Probes:
    return Probes()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def overviews() -> Overviews:
    return Overviews()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def rest(
    reader: Reader, overviews: Overviews, probes: Probes, registry: CollectorRegistry, desk: Desk
) -> App:
    return rest_app(
        executions=reader,
        overviews=overviews,
        probes=probes,
        registry=registry,
        metrics=HttpMetrics(registry),
        desk=desk,
        operator_token=TOKEN,
    )


@pytest.fixture
def client(rest: App) -> TestClient:
    return TestClient(rest)


@pytest.fixture
def probe_client(probes: Probes, registry: CollectorRegistry) -> TestClient:
    return TestClient(probe_app(probes=probes, registry=registry))
