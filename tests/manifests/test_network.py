"""The network policy lets through what the engine needs, and nothing else."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from fixengine.config import load
from tests.manifests.built import VARIANTS, container, only, settings

DNS = {
    variant: {53, 5353} if variant == "openshift" else {53}  # OpenShift's pods for it have 5353
    for variant in VARIANTS
}


def rules(direction: str, variant: str = "base") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = only(variant, "NetworkPolicy")["spec"][direction]
    return found


def reached(variant: str) -> dict[str, set[int]]:
    """Return the ports that the engine may reach, by the label of the pods."""
    return {
        peer["podSelector"]["matchLabels"]["app"]: {port["port"] for port in rule["ports"]}
        for rule in rules("egress", variant)
        for peer in rule.get("to", ())
    }


def host_and_port(address: str) -> tuple[str | None, int | None]:
    parts = urlsplit(address if "://" in address else f"//{address}")
    return parts.hostname, parts.port


def test_it_is_for_the_engine_and_both_directions() -> None:
    policy = only("base", "NetworkPolicy")["spec"]
    labels = only("base", "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert policy["policyTypes"] == ["Ingress", "Egress"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_engine_reaches_what_the_settings_name_and_no_other_pods(variant: str) -> None:
    loaded = load(settings(variant))
    assert reached(variant) == {
        loaded.postgres_host: {loaded.postgres_port},
        **{
            host: {port}
            for host, port in map(
                host_and_port,
                (loaded.kafka_brokers, loaded.security_svc_url, loaded.pricing_svc_url),
            )
        },
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_dns_and_the_collector_are_the_only_ports_open_to_everywhere(variant: str) -> None:
    (collector,) = {
        host_and_port(variable["value"])[1]
        for variable in container("base")["env"]
        if variable["name"].endswith("ENDPOINT")
    }
    anywhere = {
        (port.get("protocol", "TCP"), port["port"])
        for rule in rules("egress", variant)
        if not rule.get("to")
        for port in rule["ports"]
    }
    dns = {(protocol, port) for protocol in ("UDP", "TCP") for port in DNS[variant]}
    assert anywhere == dns | {("TCP", collector)}


@pytest.mark.parametrize("port", ["http", "health"])
def test_rest_and_probes_are_reached_from_within_the_cluster(port: str) -> None:
    (rule,) = rules("ingress")
    assert rule["from"] == [{"namespaceSelector": {}}]
    assert port in {each["port"] for each in rule["ports"]}
    assert port in {each["name"] for each in container("base")["ports"]}


def test_the_try_out_database_is_among_the_reached() -> None:
    database = only("try-out", "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    assert database["app"] in reached("try-out")
