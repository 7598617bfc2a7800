"""The manifests as a cluster gets them: each variant built by kubectl."""

import subprocess
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
NAME = "globeco-fix-engine"
NAMESPACE = "globeco"
VARIANTS = ("base", "hpa", "keda", "openshift", "try-out")
"""Folders with the engine in them; that of the gateway is applied beside one of them."""

SHARDS = ("shards/1of2", "shards/2of2")
"""Folders with the engines of one database each."""

FOLDERS = (*VARIANTS, "gateway", "shards")

Manifest = dict[str, Any]


@cache
def built(variant: str) -> tuple[Manifest, ...]:
    """Return what `kubectl apply -k` would send for this variant."""
    return kustomized(ROOT / "k8s" / variant)


def kustomized(folder: Path) -> tuple[Manifest, ...]:
    """Return what `kubectl apply -k` would send for this folder."""
    kubectl = Path(sysconfig.get_path("scripts")) / "kubectl"
    made = subprocess.run(
        [kubectl, "kustomize", folder],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert not made.stderr, made.stderr  # a warning names a field that goes away
    return tuple(yaml.safe_load_all(made.stdout))


def only(variant: str, kind: str, name: str = NAME) -> Manifest:
    """Return the one object of this kind whose name is or begins with `name`."""
    found = [
        manifest
        for manifest in built(variant)
        if manifest["kind"] == kind and manifest["metadata"]["name"].startswith(name)
    ]
    assert len(found) == 1, f"{len(found)} objects of kind {kind} in {variant}"
    return found[0]


def workloads(variant: str) -> tuple[Manifest, ...]:
    """Return everything that makes pods."""
    kinds = {"Deployment", "StatefulSet"}
    return tuple(manifest for manifest in built(variant) if manifest["kind"] in kinds)


def pod(variant: str) -> Manifest:
    """Return the specification of the engine's pod."""
    found: Manifest = only(variant, "Deployment")["spec"]["template"]["spec"]
    return found


def container(variant: str) -> Manifest:
    """Return the engine's container."""
    (found,) = pod(variant)["containers"]
    assert isinstance(found, dict)
    return found


def settings(variant: str) -> dict[str, str]:
    """Return the values of the ConfigMap that the engine's container reads."""
    return variables(built(variant))


def variables(manifests: tuple[Manifest, ...]) -> dict[str, str]:
    """Return the values of the ConfigMap that the engine's container among these reads."""
    names = [source["configMapRef"]["name"] for source in _engine(manifests)["envFrom"]]
    (config_map,) = (
        manifest
        for manifest in manifests
        if manifest["kind"] == "ConfigMap" and manifest["metadata"]["name"] in names
    )
    data: dict[str, str] = config_map["data"]
    return data


def own_variables(manifests: tuple[Manifest, ...]) -> frozenset[str]:
    """Return the names of the variables that the engine's container among these sets itself."""
    return frozenset(each["name"] for each in _engine(manifests)["env"])


def _engine(manifests: tuple[Manifest, ...]) -> Manifest:
    (deployment,) = (each for each in manifests if each["kind"] == "Deployment")
    (engine,) = deployment["spec"]["template"]["spec"]["containers"]
    return dict(engine)


def password(variant: str) -> Manifest:
    """Return where the engine's container finds the database's password."""
    (found,) = (
        variable["valueFrom"]["secretKeyRef"]
        for variable in container(variant)["env"]
        if variable["name"] == "POSTGRES_PASSWORD"
    )
    assert isinstance(found, dict)
    return found


def read(path: str) -> Any:
    """Return what a YAML file of the project holds."""
    return yaml.safe_load((ROOT / path).read_text("utf-8"))
