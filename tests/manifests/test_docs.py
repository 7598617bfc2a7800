"""The documents' kubectl commands are ones that kubectl takes, for objects that there are."""

import re
import shlex
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.documents import PAGES, commands
from tests.manifests.built import ROOT, VARIANTS, built

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
_OF_THE_SUITE = ("scaledobject", "hpa", "vpa", "service globeco-fix-engine-service")


@pytest.mark.parametrize("command", COMMANDS)
def test_it_gets_as_far_as_the_cluster(command: str) -> None:
    """What kubectl does not understand it refuses before."""
    made = subprocess.run(
        [_KUBECTL, f"--server={_NOWHERE}", "--request-timeout=1s", *shlex.split(command)[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert _UNREACHED.search(made.stderr), made.stderr or made.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_what_it_names_is_there(command: str) -> None:
    objects = {
        f"{manifest['kind'].lower()}/{manifest['metadata']['name']}"
        for variant in VARIANTS
        for manifest in built(variant)
    }
    words = shlex.split(command)
    named = re.findall(r"\b(deployment|service|statefulset)[ /](globeco-[\w-]+)", command)
    for kind, name in named:
        if f"{kind} {name}" not in _OF_THE_SUITE:
            assert f"{kind}/{name}" in objects
    for folder in re.findall(r" -k (\S+)", command):
        assert (ROOT / folder / "kustomization.yaml").exists()
    assert "--namespace" not in words or words[words.index("--namespace") + 1] == "globeco"
