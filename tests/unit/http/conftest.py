"""The applications over stand-ins for the database and the probes."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from falcon.testing import TestClient
from prometheus_client import CollectorRegistry

from fixengine.domain import Execution
from fixengine.health import Verdict
from fixengine.http.app import App, probe_app, rest_app
from fixengine.metrics import HttpMetrics
from fixengine.ports import ExecutionQuery


@dataclass
class Reader:
    """Executions in memory; `queries` are those asked, `failure` is raised when it is set.

    `on_asked` is called before each answer.
    """

    executions: list[Execution] = field(default_factory=list)
    queries: list[ExecutionQuery] = field(default_factory=list)
    failure: Exception | None = None
    on_asked: Callable[[], object] = lambda: None

    def get(self, execution_id: int) -> Execution | None:
        self._begin()
        return next((each for each in self.executions if each.id == execution_id), None)

    def page(self, query: ExecutionQuery) -> tuple[Execution, ...]:
        self._begin()
        self.queries.append(query)
        below = [
            each
            for each in sorted(self.executions, key=lambda each: -each.id)
            if query.before_id is None or each.id < query.before_id
        ]
        return tuple(below[: query.limit])

    def _begin(self) -> None:
        self.on_asked()
        if self.failure is not None:
            raise self.failure


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
def rest(reader: Reader, probes: Probes, registry: CollectorRegistry) -> App:
    return rest_app(reader=reader, probes=probes, registry=registry, metrics=HttpMetrics(registry))


@pytest.fixture
def client(rest: App) -> TestClient:
    return TestClient(rest)


@pytest.fixture
def probe_client(probes: Probes, registry: CollectorRegistry) -> TestClient:
    return TestClient(probe_app(probes=probes, registry=registry))
