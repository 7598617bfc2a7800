"""The pod is the one the suite knows, lets the engine drain, and may do no more than it must."""

import math
import re

import pytest

from fixengine import __version__
from fixengine.config import VARIABLES, load
from fixengine.engine.children import POOLED_CONNECTIONS
from fixengine.engine.stop_budget import PROMISED
from fixengine.telemetry.health import HUNG_AFTER
from tests.manifests.built import (
    NAME,
    VARIANTS,
    built,
    container,
    only,
    password,
    pod,
    settings,
    workloads,
)
from tests.support.documents import page

KNOWN = {variable.name for variable in VARIABLES.values()}
DRAINED_WITHIN = 10
"""Seconds from SIGTERM to the end of the process, as the suite demands it."""

CONNECTIONS = 100 - 3
"""PostgreSQL's own default, less what it keeps for its administrator."""

MOST_PODS = 20

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def seconds_of(probe: str) -> int:
    found = container("base")[probe]
    return int(found["periodSeconds"]) * int(found["failureThreshold"])


def test_deployment_container_and_label_are_named_as_the_suite_names_them() -> None:
    deployment = only("base", "Deployment")
    assert deployment["metadata"]["name"] == NAME
    assert deployment["metadata"]["labels"]["app"] == NAME
    assert deployment["spec"]["template"]["metadata"]["labels"]["app"] == NAME
    assert container("base")["name"] == NAME


def test_the_image_is_this_version() -> None:
    assert container("base")["image"].endswith(f":{__version__}")
    assert container("base")["args"] == ["serve"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_selectors_match_the_pods_they_are_for(variant: str) -> None:
    for workload in workloads(variant):
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items()
    labels = only(variant, "Deployment")["spec"]["template"]["metadata"]["labels"]
    budget = only(variant, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"]
    spread = [
        rule["labelSelector"]["matchLabels"] for rule in pod(variant)["topologySpreadConstraints"]
    ]
    for selector in (budget, *spread):
        assert selector
        assert selector.items() <= labels.items()


def test_the_configuration_takes_the_settings() -> None:
    loaded = load({**settings("base"), "POSTGRES_PASSWORD": "secret"})
    assert loaded.kafka_consumer_group == "fix_engine"
    assert settings("base").keys() <= KNOWN


def test_what_the_pod_adds_to_the_settings_is_known_or_only_there_to_be_inserted() -> None:
    added = container("base")["env"]
    inserted: set[str] = set()
    for variable in reversed(added):
        assert variable["name"] in KNOWN or variable["name"] in inserted, variable["name"]
        inserted |= set(re.findall(r"\$\((\w+)\)", variable.get("value", "")))
    names = [variable["name"] for variable in added]
    assert inserted <= set(names)
    assert not set(names) & settings("base").keys()


def test_the_configuration_takes_what_the_pod_adds() -> None:
    values = {
        "MY_POD_IP": "10.1.2.3",
        "MY_POD_NAME": "globeco-fix-engine-7c9d-x2",
        "MY_NODE_NAME": "node-1",
        "MY_NAMESPACE": "globeco",
        "NODE_IP": "192.168.0.7",
        "POSTGRES_PASSWORD": "secret",
        "OPERATOR_TOKEN": "a-token-for-operators",
    }
    for variable in container("base")["env"]:
        if "value" in variable:
            values[variable["name"]] = re.sub(
                r"\$\((\w+)\)", lambda match: values[match[1]], variable["value"]
            )
    loaded = load({**settings("base"), **values})
    assert loaded.otel_metric_endpoint == "192.168.0.7:4317"
    assert loaded.operator_token == "a-token-for-operators"
    assert dict(loaded.otel_resource_attributes) == {
        "k8s.pod.ip": "10.1.2.3",
        "k8s.pod.name": "globeco-fix-engine-7c9d-x2",
        "k8s.node.name": "node-1",
        "k8s.namespace.name": "globeco",
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_settings_of_before_are_found_by_the_engines_label(variant: str) -> None:
    """Their name changes with them, so `kubectl delete -k` leaves those that were there before."""
    made = only(variant, "ConfigMap")
    selector = f"delete configmap --selector app={made['metadata']['labels']['app']}"
    assert any(selector in line for line in page("deploying").splitlines())


def test_ports_are_those_of_the_settings() -> None:
    loaded = load(settings("base"))
    ports = {port["name"]: port["containerPort"] for port in container("base")["ports"]}
    assert ports == {"http": loaded.http_port, "health": loaded.health_port}
    for probe in PROBES:
        assert container("base")[probe]["httpGet"]["port"] == "health"


def test_the_service_is_where_the_suites_gateway_looks_and_selects_the_engine() -> None:
    service = only("base", "Service")
    assert service["metadata"]["name"] == "globeco-fix-engine-service"
    (served,) = service["spec"]["ports"]
    assert (served["port"], served["targetPort"]) == (80, "http")
    labels = only("base", "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"]
    assert service["spec"]["selector"].items() <= labels.items()


def test_probes_ask_what_the_engine_answers() -> None:
    paths = {probe: container("base")[probe]["httpGet"]["path"] for probe in PROBES}
    assert paths == {
        "startupProbe": "/readyz",
        "readinessProbe": "/readyz",
        "livenessProbe": "/healthz",
    }


def test_an_engine_has_five_minutes_to_become_ready_and_is_asked_each_second() -> None:
    assert seconds_of("startupProbe") == 300
    assert container("base")["startupProbe"]["periodSeconds"] == 1
    assert "initialDelaySeconds" not in container("base")["startupProbe"]


@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_that_is_not_answered_ends_before_the_next(probe: str) -> None:
    """Otherwise the kubelet waits for each, and all of them take longer than they seem to."""
    found = container("base")[probe]
    assert found["timeoutSeconds"] <= found["periodSeconds"]


def test_a_pod_that_drains_is_not_killed_for_it() -> None:
    grace = pod("base")["terminationGracePeriodSeconds"]
    before = container("base")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert PROMISED <= DRAINED_WITHIN
    assert before + DRAINED_WITHIN < grace
    assert grace < seconds_of("livenessProbe")


def test_a_hung_engine_is_restarted_within_two_minutes() -> None:
    grace = container("base")["livenessProbe"]["terminationGracePeriodSeconds"]
    assert seconds_of("livenessProbe") + HUNG_AFTER + grace <= 120


def test_a_hung_engine_gets_a_word_and_no_time_to_drain() -> None:
    grace = container("base")["livenessProbe"]["terminationGracePeriodSeconds"]
    before = container("base")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert before < grace <= 5


def test_a_rolling_update_starts_before_it_stops_and_keeps_to_the_connections() -> None:
    deployment = only("base", "Deployment")["spec"]
    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    # at most one pod goes in each minReadySeconds, and takes its grace period at the most
    going = math.ceil(pod("base")["terminationGracePeriodSeconds"] / deployment["minReadySeconds"])
    pods = MOST_PODS + 1 + going
    assert pods * (POOLED_CONNECTIONS + 1) < CONNECTIONS


def test_a_node_can_be_drained_also_of_the_only_engine() -> None:
    budget = only("base", "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    assert "minAvailable" not in budget


def test_an_apply_leaves_the_number_of_pods_to_the_autoscaler() -> None:
    for variant in ("base", "hpa", "keda"):
        assert "replicas" not in only(variant, "Deployment")["spec"]
    assert only("try-out", "Deployment")["spec"]["replicas"] == 1


def test_the_pod_asks_for_what_the_autoscalers_compare_with() -> None:
    resources = container("base")["resources"]
    assert resources["requests"] == {"cpu": "110m", "memory": "100Mi"}
    assert resources["limits"] == {"memory": "200Mi"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_pod_keeps_to_the_restricted_standard(variant: str) -> None:
    for workload in workloads(variant):
        spec = workload["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"].get("runAsUser") != 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & spec.keys()
        assert all(volume.keys() & {"emptyDir"} for volume in spec["volumes"])
        for each in spec["containers"]:
            assert each["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert all("hostPort" not in port for port in each["ports"])


def test_the_engine_runs_as_the_image_says() -> None:
    security = pod("base")["securityContext"]
    assert security["runAsUser"] == security["runAsGroup"] == 10001
    assert pod("base")["serviceAccountName"] == NAME
    assert only("base", "ServiceAccount")["automountServiceAccountToken"] is False


def test_where_the_cluster_gives_user_ids_nothing_else_asks_for_one() -> None:
    described = str(built("openshift"))
    assert "runAsUser" not in described
    assert "runAsGroup" not in described
    assert "fsGroup" not in described
    assert pod("openshift") == {
        **pod("base"),
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_database_that_asks_for_no_password_needs_no_secret(variant: str) -> None:
    assert password(variant)["optional"] is True


def test_the_try_out_brings_its_password_and_no_other_variant_has_one() -> None:
    secret = only("try-out", "Secret")
    assert secret["metadata"]["name"] == password("try-out")["name"]
    assert password("try-out")["key"] in secret["stringData"]
    (database,) = only("try-out", "StatefulSet")["spec"]["template"]["spec"]["containers"]
    (given,) = (variable["valueFrom"]["secretKeyRef"] for variable in database["env"])
    assert given.items() <= password("try-out").items()
    for variant in set(VARIANTS) - {"try-out"}:
        assert not [each for each in built(variant) if each["kind"] == "Secret"]


def test_the_try_out_takes_no_name_that_a_secret_or_database_of_the_operators_may_have() -> None:
    """An apply would put itself over a password that was created before, or the suite's volume."""
    of_the_engine = {(each["kind"], each["metadata"]["name"]) for each in built("base")}
    names = {
        each["metadata"]["name"]
        for each in built("try-out")
        if (each["kind"], each["metadata"]["name"]) not in of_the_engine
        and each["kind"] != "ConfigMap"
    }
    assert names == {"globeco-fix-engine-try-out"}
    assert password("base")["name"] not in names
    assert settings("base")["POSTGRES_HOST"] not in names
    labels = only("try-out", "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    assert settings("base")["POSTGRES_HOST"] not in labels.values(), "the suite's Service finds it"


def test_the_try_out_has_the_database_that_the_settings_name() -> None:
    loaded = load(settings("try-out"))
    service = only("try-out", "Service", loaded.postgres_host)
    database = only("try-out", "StatefulSet")
    labels = database["spec"]["template"]["metadata"]["labels"]
    (port,) = service["spec"]["ports"]
    (listening,) = database["spec"]["template"]["spec"]["containers"][0]["ports"]
    assert service["metadata"]["name"] == loaded.postgres_host == database["spec"]["serviceName"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert port["port"] == listening["containerPort"] == loaded.postgres_port
    assert port["targetPort"] == listening["name"]


def test_the_try_out_needs_no_collector() -> None:
    assert load(settings("try-out")).otel_sdk_disabled
