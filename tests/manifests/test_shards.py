"""Several databases: each has engines, a scaler and a Service of its own, and no other's."""

import re
from typing import Any

import pytest

from fixengine.config import load
from fixengine.config.settings import Settings
from fixengine.rules.shards import Shard
from tests.manifests.built import NAMESPACE, ROOT, SHARDS, built, only, password, pod, settings
from tests.manifests.test_network import host_and_port, reached


def loaded(shard: str) -> Settings:
    return load(settings(shard))


def labels(shard: str) -> dict[str, str]:
    found: dict[str, str] = only(shard, "Deployment")["spec"]["template"]["metadata"]["labels"]
    return found


def selectors(shard: str) -> list[dict[str, str]]:
    return [
        only(shard, "Deployment")["spec"]["selector"]["matchLabels"],
        only(shard, "Service")["spec"]["selector"],
        only(shard, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        only(shard, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        *(each["labelSelector"]["matchLabels"] for each in pod(shard)["topologySpreadConstraints"]),
    ]


def scaled(shard: str) -> dict[str, Any]:
    found: dict[str, Any] = only(shard, "ScaledObject")["spec"]
    return found


def test_the_folder_has_the_engines_of_each_database_and_nothing_else() -> None:
    of_all = [each for shard in SHARDS for each in built(shard)]
    name = lambda each: (each["kind"], each["metadata"]["name"])  # noqa: E731 - a key of sorted
    assert sorted(built("shards"), key=name) == sorted(of_all, key=name)


def test_each_database_has_its_share_of_the_orders_and_together_they_have_all() -> None:
    shards = [loaded(shard).order_shard for shard in SHARDS]
    assert shards == [Shard(1, len(SHARDS)), Shard(2, len(SHARDS))]
    assert len({loaded(shard).postgres_host for shard in SHARDS}) == len(SHARDS)
    assert len({loaded(shard).kafka_orders_topic for shard in SHARDS}) == 1


@pytest.mark.parametrize("shard", SHARDS)
def test_selectors_find_the_engines_of_their_own_database_alone(shard: str) -> None:
    for selector in selectors(shard):
        assert [each for each in SHARDS if selector.items() <= labels(each).items()] == [shard]


@pytest.mark.parametrize("shard", SHARDS)
def test_the_scaler_scales_the_engines_of_its_own_database(shard: str) -> None:
    assert scaled(shard)["scaleTargetRef"]["name"] == only(shard, "Deployment")["metadata"]["name"]


@pytest.mark.parametrize("shard", SHARDS)
def test_the_scaler_asks_the_group_that_the_engines_are_in(shard: str) -> None:
    """Each engine makes its name of the setting and the database's number."""
    kafka, _ = (each["metadata"] for each in scaled(shard)["triggers"])
    assert kafka["consumerGroup"] == loaded(shard).orders_group
    assert kafka["consumerGroup"] != loaded(shard).kafka_consumer_group
    assert kafka["topic"] == loaded(shard).kafka_orders_topic


@pytest.mark.parametrize("shard", SHARDS)
def test_the_scaler_asks_the_database_of_the_engines_with_their_password(shard: str) -> None:
    _, postgres = scaled(shard)["triggers"]
    host = loaded(shard).postgres_host
    assert postgres["metadata"]["host"] == f"{host}.{NAMESPACE}.svc.cluster.local"
    authentication = only(shard, "TriggerAuthentication")
    assert postgres["authenticationRef"]["name"] == authentication["metadata"]["name"]
    (target,) = authentication["spec"]["secretTargetRef"]
    assert (target["name"], target["key"]) == (password(shard)["name"], password(shard)["key"])


def test_each_database_has_a_password_of_its_own() -> None:
    assert len({password(shard)["name"] for shard in SHARDS}) == len(SHARDS)


@pytest.mark.parametrize("shard", SHARDS)
def test_the_engines_reach_their_own_database_and_the_neighbours_that_all_share(shard: str) -> None:
    found = loaded(shard)
    shared = (found.kafka_brokers, found.security_svc_url, found.pricing_svc_url)
    assert reached(shard) == {
        found.postgres_host: {found.postgres_port},
        **{host: {port} for host, port in map(host_and_port, shared)},
    }


def test_a_folder_for_another_database_is_a_copy_with_other_numbers() -> None:
    first, second = (
        (ROOT / "k8s" / shard / "kustomization.yaml").read_text("utf-8") for shard in SHARDS
    )
    renumbered = re.sub(r"\b1(of|/)2\b", r"2\g<1>2", first).replace("first of two", "second of two")
    assert second == renumbered
