"""Every object of every variant is what Kubernetes and KEDA define, with no field too many."""

import copy
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # has no types
from kubernetes_validate import utils as kubernetes  # type: ignore[import-untyped]  # has none

from tests.manifests.built import FOLDERS, NAMESPACE, ROOT, Manifest, built, only

OLDEST = (1, 33)
VERSIONS = [
    version
    for version in dict.fromkeys(
        kubernetes.major_minor(version) for version in kubernetes.all_versions()
    )
    if tuple(map(int, version.split("."))) >= OLDEST
]


def validate(manifest: Manifest, version: str) -> None:
    if manifest["apiVersion"].startswith("keda.sh/"):
        keda_schema(manifest["kind"]).validate(manifest)
    else:
        kubernetes.validate(manifest, version, strict=True)


def keda_schema(kind: str) -> Any:
    path = ROOT / "tests" / "manifests" / "keda" / f"{kind.lower()}.json"
    return Draft202012Validator(json.loads(path.read_text("utf-8")))


def test_the_oldest_version_and_newer_ones_are_checked() -> None:
    assert VERSIONS[0] == "1.33"
    assert len(VERSIONS) >= 5


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("variant", FOLDERS)
def test_every_object_is_valid(variant: str, version: str) -> None:
    for manifest in built(variant):
        validate(manifest, version)


@pytest.mark.parametrize(
    ("variant", "kind"),
    [
        ("base", "Deployment"),
        ("base", "NetworkPolicy"),
        ("base", "PodDisruptionBudget"),
        ("hpa", "HorizontalPodAutoscaler"),
        ("keda", "ScaledObject"),
        ("keda", "TriggerAuthentication"),
        ("try-out", "StatefulSet"),
    ],
)
def test_a_field_that_does_not_exist_is_found(variant: str, kind: str) -> None:
    slip = copy.deepcopy(only(variant, kind))
    slip["spec"]["podSelectors"] = {}
    with pytest.raises(Exception, match="podSelectors"):
        validate(slip, VERSIONS[0])


@pytest.mark.parametrize("variant", FOLDERS)
def test_everything_is_in_the_namespace_and_nothing_is_there_twice(variant: str) -> None:
    manifests = built(variant)
    assert {manifest["metadata"]["namespace"] for manifest in manifests} == {NAMESPACE}
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests]
    assert len(set(names)) == len(names)
