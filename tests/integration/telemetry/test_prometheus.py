"""A real Prometheus scrapes a running engine: every expression of dashboard and alerts answers."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.rules.changes import ChangeRequest
from fixengine.rules.values import ChangeKind
from fixengine.supervision.lifecycle import Crash
from fixengine.telemetry.health import ENGINE_NEEDS, GATEWAY_NEEDS
from tests.programs import wanted
from tests.support.engines import Surroundings, ref, wait_until_ready
from tests.support.feed.mixed import mixed_orders
from tests.support.fix.trader import Trader
from tests.support.gateways import running_gateway

pytestmark = pytest.mark.any_broker

MONITORING = Path(__file__).parents[3] / "monitoring"
# What Grafana puts in: everything, and windows that fill within seconds.
CHOSEN = {"$job": ".*", "$instance": ".*", "$__rate_interval": "1m", "$__range": "1m"}


PARTS = (*ENGINE_NEEDS.reached, *ENGINE_NEEDS.held_up, *GATEWAY_NEEDS.reached)


class Prometheus:
    """A server's HTTP API."""

    def __init__(self, url: str) -> None:
        self._url = url

    def query(self, expression: str) -> list[Any]:
        return list(self._get("query", query=expression)["result"])

    def value(self, expression: str) -> float | None:
        """Return the expression's one value, or None when it has none."""
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else None

    def rules(self) -> dict[str, Any]:
        groups = self._get("rules")["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}

    def _get(self, what: str, **parameters: str) -> Any:
        with urlopen(f"{self._url}/api/v1/{what}?{urlencode(parameters)}", timeout=60) as answer:
            return json.load(answer)["data"]


@contextmanager
def running(workspace: Workspace, *scraped: int) -> Iterator[Prometheus]:
    """Lend a Prometheus that scrapes these ports twice a second, and has."""
    program = wanted("prometheus")
    folder = workspace.subfolder("prometheus")
    targets = [f"127.0.0.1:{port}" for port in scraped]
    target = {"job_name": "fixengine", "static_configs": [{"targets": targets}]}
    configuration = {
        "global": {"scrape_interval": "500ms", "evaluation_interval": "500ms"},
        "rule_files": [str(MONITORING / "alerts.yaml")],
        "scrape_configs": [target],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(configuration), "utf-8")
    port = workspace.reserve_port()
    process = workspace.child(
        "prometheus",
        [
            program,
            f"--config.file={folder / 'prometheus.yaml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
    )
    process.start()
    server = Prometheus(f"http://127.0.0.1:{port}")

    def has_scraped() -> bool:
        try:
            return server.value("sum(fixengine_dead_letters_total)") == 0
        except (URLError, ConnectionError):
            return False

    try:
        wait_until(has_scraped, 60, "Prometheus to have scraped the engine")
        yield server
    finally:
        process.kill()


def dashboard() -> list[tuple[str, str]]:
    """Return title and expression of all that the dashboard shows."""
    drawn = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))
    return [
        (panel["title"], re.sub(r"\$\w+", lambda name: CHOSEN[name[0]], target["expr"]))
        for panel in drawn["panels"]
        for target in panel.get("targets", ())
    ]


def ask_rest(port: int, *paths: str) -> None:
    for path in paths:
        try:
            urlopen(f"http://127.0.0.1:{port}{path}", timeout=60).close()
        except HTTPError as error:
            error.close()


def test_dashboard_and_alerts_on_a_running_engine_and_gateway(
    around: Surroundings, tmp_path: Path
) -> None:
    fed = mixed_orders(seed=9, good=100, bad=3)
    rest, health, of_gateway = (around.workspace.reserve_port() for _ in range(3))
    with ExitStack() as ends, ExitStack() as ran:
        engine = ran.enter_context(
            around.engine(
                HTTP_PORT=str(rest), HEALTH_PORT=str(health), OPERATOR_TOKEN="a-token-for-operators"
            )
        )
        gateway = ran.enter_context(running_gateway(around, tmp_path, HEALTH_PORT=str(of_gateway)))
        wait_until_ready(engine)
        engine.desk.change(ChangeRequest(execution_id=1, kind=ChangeKind.CANCEL))
        client = Trader(gateway.port, "OMS1").logon()
        client.wait_for(client.order(quantity=1), exec_type="0")
        client.initiator.logout("done")
        prometheus = ends.enter_context(running(around.workspace, health, of_gateway))
        assert not firing(prometheus)
        around.send(*fed)
        ask_rest(rest, "/api/v1/executions", "/api/v1/executions?limit=0")
        around.wait_until_done(fed)
        for title, expression in dashboard():
            wait_until(partial(prometheus.query, expression), 60, f"{title}: {expression}")
        assert prometheus.value("sum(fixengine_up)") == len(PARTS)
        good = sum(order.valid for order in fed)
        wait_until(
            lambda: (prometheus.value("sum(kafka_consumer_messages_processed_total)") or 0) >= good,
            60,
            "all orders to be counted",
        )
        ref(engine, "pricing").tell(Crash(reason="a test"))
        happened = {"FixEngineDeadLetters", "FixEngineActorRestarts"}
        wait_until(lambda: happened <= firing(prometheus), 60, f"{happened} to fire")
        ran.close()
        wait_until(
            lambda: states(prometheus)["FixEngineDown"] == "pending", 60, "the end to be noticed"
        )
        assert {rule["health"] for rule in prometheus.rules().values()} == {"ok"}


def states(prometheus: Prometheus) -> dict[str, str]:
    return {name: rule["state"] for name, rule in prometheus.rules().items()}


def firing(prometheus: Prometheus) -> set[str]:
    return {name for name, state in states(prometheus).items() if state == "firing"}
