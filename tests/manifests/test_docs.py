"""The documents' commands for a cluster are ones that kubectl takes, for objects that there are."""

import re
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixengine.config import VARIABLES, load
from tests.manifests.built import (
    FOLDERS,
    NAME,
    ROOT,
    Manifest,
    built,
    container,
    kustomized,
    own_variables,
    variables,
)
from tests.manifests.our_gateway import write_gateway
from tests.manifests.test_schemas import VERSIONS, validate
from tests.support.documents import PAGES, blocks, commands, page

_KUBECTL = Path(sysconfig.get_path("scripts")) / "kubectl"
_NOWHERE = "http://127.0.0.1:1"
_UNREACHED = re.compile(r"connection refused|was refused")

COMMANDS = sorted(
    {
        line
        for path in PAGES
        for line in commands(path.read_text("utf-8"))
        if line.startswith("kubectl ")
    }
)
_OF_THE_SUITE = {
    "pod/globeco-fix-engine-postgresql-0",
    "pod/globeco-execution-service-kafka-0",
}

OVERLAYS = [
    pytest.param(yaml.safe_load(block), id=f"{path.stem}-{number}")
    for path in PAGES
    for number, block in enumerate(blocks(path.read_text("utf-8"), "yaml"))
    if {"configMapGenerator", "patches", "replicas", "resources"} & yaml.safe_load(block).keys()
    if "../gateway" not in yaml.safe_load(block).get("resources", ())  # see test_gateway.py
]


def ours(**more: Any) -> Manifest:
    """Return the kustomization that docs/deploying.md has its reader write, with that added."""
    first, *_ = blocks(page("deploying"), "yaml")
    return {**yaml.safe_load(first), **more}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as somebody has it who has written k8s/ours."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "k8s", root / "k8s")
    shutil.copytree(ROOT / "monitoring", root / "monitoring")
    write(root, ours())
    write_gateway(root)
    for file in ("fixengine.dump", "client.json", "gateway.crt", "gateway.key"):
        (root / file).touch()
    return root


def write(root: Path, kustomization: Manifest) -> None:
    folder = root / "k8s" / "ours"
    folder.mkdir(exist_ok=True)
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), "utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_it_gets_as_far_as_the_cluster(command: str, checkout: Path) -> None:
    """What kubectl does not understand it refuses before."""
    made = subprocess.run(
        [_KUBECTL, f"--server={_NOWHERE}", "--request-timeout=1s", *shlex.split(command)[1:]],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert _UNREACHED.search(made.stderr), made.stderr or made.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_what_it_names_is_there(command: str, checkout: Path) -> None:
    objects = {
        f"{manifest['kind'].lower()}/{manifest['metadata']['name']}"
        for variant in FOLDERS
        for manifest in built(variant)
    } | _OF_THE_SUITE
    words = shlex.split(command)
    named = re.findall(r"\b(deployment|service|statefulset)[ /](globeco-[\w-]+)", command)
    if match := re.search(r" exec (?:--\w+ )*(globeco-[\w-]+) ", command):
        named.append(("pod", match[1]))
    for kind, name in named:
        assert f"{kind}/{name}" in objects
    for folder in re.findall(r" -k (\S+)", command):
        assert (checkout / folder / "kustomization.yaml").exists()
    assert "--namespace" not in words or words[words.index("--namespace") + 1] == "globeco"


@pytest.mark.parametrize("command", [line for line in COMMANDS if " delete " in line])
def test_what_may_be_gone_already_is_no_mistake(command: str) -> None:
    assert "--ignore-not-found" in command or "delete pod" in command or "delete pvc" in command


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_written_to_ours_can_be_built(overlay: Manifest, tmp_path: Path) -> None:
    """With most objects, and with fewest: a patch of what is not there changes nothing."""
    shutil.copytree(ROOT / "k8s", tmp_path / "k8s")
    for variant in ("keda", "base"):
        write(tmp_path, ours(**{**overlay, "resources": [f"../{variant}"]}))
        made = kustomized(tmp_path / "k8s" / "ours")
        assert {each["kind"] for each in made} == {each["kind"] for each in built(variant)}
        for manifest in made:
            validate(manifest, VERSIONS[0])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_patch_of_ours_changes_something(overlay: Manifest, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "k8s", tmp_path / "k8s")
    for patch in overlay.get("patches", ()):
        steps = yaml.safe_load(patch["patch"])
        for step in steps if isinstance(steps, list) else [steps]:
            one = {**patch, "patch": yaml.safe_dump([step] if "op" in step else step)}
            write(tmp_path, ours(resources=["../keda"], patches=[one]))
            assert kustomized(tmp_path / "k8s" / "ours") != unpatched(tmp_path)


def unpatched(root: Path) -> tuple[Manifest, ...]:
    write(root, ours(resources=["../keda"]))
    return kustomized(root / "k8s" / "ours")


FROM_SECRETS = {
    "POSTGRES_PASSWORD": "pw",
    "POSTGRES_DSN": "postgresql://me:pw@db-1:5432,db-2:5433/name",
    "KAFKA_CLIENT_CONFIG": "{}",
    "OPERATOR_TOKEN": "a-token-for-operators",
}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_written_to_ours_are_settings_that_an_engine_takes(
    overlay: Manifest, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "k8s", tmp_path / "k8s")
    write(tmp_path, ours(**{**overlay, "resources": ["../base"]}))
    made = kustomized(tmp_path / "k8s" / "ours")
    given = {name: text for name, text in FROM_SECRETS.items() if name in own_variables(made)}
    settings = load({**variables(made), **given})
    assert settings.http_port == load({}).http_port


def test_what_counts_more_than_a_setting_of_ours_is_what_the_page_names() -> None:
    text = " ".join(page("deploying").split())
    (named,) = re.findall(r"What the Deployment sets itself counts more than that: ([^.]*)", text)
    own = {each["name"] for each in container("base")["env"]} & {v.name for v in VARIABLES.values()}
    words = {
        "POSTGRES_PASSWORD": "the password",
        "OPERATOR_TOKEN": "the operators' token",
        "OTEL_METRICENDPOINT": "the two addresses of the collector",
        "OTEL_TRACEENDPOINT": "the two addresses of the collector",
    }
    assert all(words.get(name, f"`{name}`") in named for name in own)


def test_a_setting_that_is_ours_comes_to_the_engine_and_all_others_stay(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "k8s", tmp_path / "k8s")
    literals = ["LOG_LEVEL=debug", "OTEL_SDK_DISABLED=true"]
    generator = {"name": NAME, "behavior": "merge", "literals": literals}
    write(tmp_path, ours(configMapGenerator=[generator]))
    before, after = (load(variables(kustomized(tmp_path / "k8s" / d))) for d in ("hpa", "ours"))
    assert (before.log_level, before.otel_sdk_disabled) == ("info", False)
    assert (after.log_level, after.otel_sdk_disabled) == ("debug", True)
    assert after.kafka_brokers == before.kafka_brokers


CHART = {
    "deployment": "          image: kasbench/globeco-fix-engine:1.0.14\n",
    "service": "  name: globeco-fix-engine-service\n    app: globeco-fix-engine-service\n",
    "keda": "  minReplicaCount: 0\n  maxReplicaCount: 20\n",
    "hpa": "",
    "vpa": "",
    "postgresql-deployment": "        - image: postgres:18.0\n",
}
"""What the page on upgrading changes, or leaves alone, in the suite's chart 0.1.48."""


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    folder = tmp_path / "suite" / "globeco" / "templates" / "globeco-fix-engine"
    folder.mkdir(parents=True)
    for name, text in CHART.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    return folder


def changed(chart: Path, program: str) -> dict[str, str]:
    """Run the page's commands with that program; return what the chart is then."""
    for line in commands(page("upgrading-from-go")):
        if line.startswith(f"{program} "):
            subprocess.run(shlex.split(line), cwd=chart.parents[3], timeout=60, check=True)
    return {path.stem: path.read_text("utf-8") for path in chart.iterdir()}


def test_a_chart_without_the_go_service_keeps_its_database(chart: Path) -> None:
    assert changed(chart, "rm") == {"postgresql-deployment": CHART["postgresql-deployment"]}


def test_a_chart_with_this_engine_finds_its_pods_and_keeps_one(chart: Path) -> None:
    assert changed(chart, "perl") == {
        **CHART,
        "deployment": "          image: registry.example.com/fixengine:0.1.0\n",
        "service": "  name: globeco-fix-engine-service\n    app: globeco-fix-engine\n",
        "keda": "  minReplicaCount: 1\n  maxReplicaCount: 20\n",
    }
