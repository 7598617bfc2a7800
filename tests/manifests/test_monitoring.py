"""Dashboard and alerts name what the engine exports, and alerts come when they should.

That every expression gives an answer is seen in tests/integration/telemetry/test_prometheus.py.
"""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from fixengine.config import load
from fixengine.config.fix_sessions import Agreements
from fixengine.engine.engine import Engine
from fixengine.gateway.gateway import Gateway
from tests.manifests.built import ROOT, read
from tests.programs import wanted
from tests.support.documents import page

MONITORING = ROOT / "monitoring"
_METRIC = re.compile(r"\b(?:fixengine|kafka_consumer|http|process)_\w+")
_SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
}


def dashboard() -> Any:
    return json.loads((MONITORING / "dashboard.json").read_text("utf-8"))


def panels() -> list[Any]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def alerts() -> list[Any]:
    (group,) = read("monitoring/alerts.yaml")["groups"]
    return list(group["rules"])


def expressions() -> Iterator[str]:
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])
    yield from (variable["definition"] for variable in variables() if variable["type"] == "query")
    yield from (alert["expr"] for alert in alerts())


def variables() -> list[Any]:
    return list(dashboard()["templating"]["list"])


def exported(registry: CollectorRegistry) -> set[str]:
    return {
        family.name + suffix for family in registry.collect() for suffix in _SUFFIXES[family.type]
    }


def promtool(*arguments: str | Path) -> None:
    checked = subprocess.run(
        [wanted("promtool"), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_metric_that_is_asked_for_is_exported() -> None:
    engine = Engine(load({}), pod="a-pod", on_failure=print)
    gateway = Gateway(load({}), Agreements([]), pod="a-pod", on_failure=print)
    known = exported(engine.registry) | exported(gateway.registry)
    asked = {name for expression in expressions() for name in _METRIC.findall(expression)}
    assert len(asked) > 25
    assert asked - known == set()


def test_what_an_alert_watches_a_panel_shows() -> None:
    shown = {name for panel in panels() for name in _METRIC.findall(json.dumps(panel["targets"]))}
    watched = {name for alert in alerts() for name in _METRIC.findall(alert["expr"])}
    assert len(watched) > 10
    assert watched - shown == set()


def test_panels_fill_the_grid_and_none_covers_another() -> None:
    taken = Counter(
        (x, y)
        for panel in dashboard()["panels"]
        for place in (panel["gridPos"],)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    )
    height = max(y for _, y in taken) + 1
    assert taken.keys() == {(x, y) for x in range(24) for y in range(height)}
    assert set(taken.values()) == {1}


def test_panels_say_what_they_show_in_which_unit_and_for_the_chosen_engines() -> None:
    assert len(panels()) > 20
    for panel in panels():
        assert panel["title"]
        assert panel["description"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["type"] == "state-timeline" or panel["fieldConfig"]["defaults"]["unit"]
        for target in panel["targets"]:
            selectors = re.findall(r"\{[^{}]*\}", target["expr"])
            assert selectors
            assert all('job=~"$job",instance=~"$instance"' in each for each in selectors)
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_variables_are_declared_and_used() -> None:
    text = json.dumps(dashboard()["panels"])
    of_grafana = {"__rate_interval", "__range"}
    used = set(re.findall(r"\$\{?(\w+)", text)) - of_grafana
    assert used == {variable["name"] for variable in variables()}


def test_an_alert_says_how_bad_it_is_and_where_the_remedy_stands() -> None:
    headings = re.findall(r"^### (\w+)$", page("operating"), re.MULTILINE)
    assert headings == [alert["alert"] for alert in alerts()]
    for alert in alerts():
        assert alert["labels"]["severity"] in {"critical", "warning"}
        assert alert["annotations"]["summary"]
        anchor = alert["alert"].lower()
        assert alert["annotations"]["runbook"] == f"docs/operating.md#{anchor}"


def test_alerts_come_in_their_time_and_stay_away_when_all_is_well() -> None:
    promtool("test", "rules", "tests/manifests/alerts.test.yaml")


def test_prometheus_takes_the_configuration() -> None:
    promtool("check", "config", "monitoring/prometheus.yaml")


def test_compose_gives_the_operators_token_to_engines_and_to_nobody_else() -> None:
    services = read("compose.yaml")["services"]
    told = {
        name: service["environment"]["OPERATOR_TOKEN"]
        for name, service in services.items()
        if "OPERATOR_TOKEN" in service.get("environment", {})
    }
    assert told == dict.fromkeys(("engine", "peers"), "${OPERATOR_TOKEN:-}")
    assert load({"OPERATOR_TOKEN": ""}).operator_token is None


def test_compose_scrapes_its_engines_and_shows_the_dashboard() -> None:
    services = read("compose.yaml")["services"]
    (scraped,) = read("monitoring/prometheus.yaml")["scrape_configs"]
    (found,) = scraped["dns_sd_configs"]
    assert found["port"] == load({}).health_port
    engines = {name for name, service in services.items() if "stop_grace_period" in service}
    assert set(found["names"]) == engines
    watching = {
        name: one for name, one in services.items() if "monitoring" in one.get("profiles", ())
    }
    assert watching.keys() == {"prometheus", "grafana"}
    for service in watching.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        for volume in service["volumes"]:
            source, _, rights = volume.split(":")
            assert (ROOT / source).is_file(), source
            assert rights == "ro"
    (datasource,) = read("monitoring/grafana/datasource.yaml")["datasources"]
    assert datasource["url"] == "http://prometheus:9090"
    (provider,) = read("monitoring/grafana/dashboards.yaml")["providers"]
    homes = [v.split(":")[1] for v in services["grafana"]["volumes"] if "dashboard.json" in v]
    assert homes == [
        services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    ]
    assert Path(homes[0]).parent == Path(provider["options"]["path"])


def test_in_a_cluster_the_pods_are_found_by_label_and_port_of_the_deployment() -> None:
    (scraped,) = read("monitoring/kubernetes.yaml")["scrape_configs"]
    (found,) = scraped["kubernetes_sd_configs"]
    deployment = read("k8s/base/deployment.yaml")["spec"]["template"]
    gateway = read("k8s/gateway/deployment.yaml")["spec"]["template"]
    names = ",".join(each["metadata"]["labels"]["app"] for each in (deployment, gateway))
    assert found["selectors"] == [{"role": "pod", "label": f"app in ({names})"}]
    assert found["namespaces"]["names"] == [read("k8s/base/kustomization.yaml")["namespace"]]
    (container,) = deployment["spec"]["containers"]
    ports = {port["name"] for port in container["ports"]}
    assert scraped["relabel_configs"][0]["regex"] in ports
    assert scraped["job_name"] == "fixengine"
