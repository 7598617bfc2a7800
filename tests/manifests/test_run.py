"""`k8s/run.sh`: the pod that it makes of the engine's Deployment."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.manifests.built import ROOT, container, only, pod
from tests.manifests.cluster import cluster

# Shows the pod instead of running it.
KUBECTL = """#!{python}
import os, sys
words = sys.argv[1:]
if "run" in words:
    end = words.index("--")
    shown = [word for word in words[:end] if word not in ("--attach", "--rm", "--quiet")]
    assert len(shown) == end - 3, "it has to wait, to tidy up, and to say nothing of its own"
    words = [*shown, "--dry-run=client", "--output=yaml", *words[end:]]
os.execv("{kubectl}", ["kubectl", "--server={server}", *words])
"""


@pytest.fixture
def kubectl(tmp_path: Path) -> Iterator[Path]:
    """The folder of a kubectl with a cluster of its own."""
    real = Path(sysconfig.get_path("scripts")) / "kubectl"
    script = tmp_path / "kubectl"
    with cluster(only("base", "Deployment")) as server:
        script.write_text(
            KUBECTL.format(python=sys.executable, kubectl=real, server=server), "utf-8"
        )
        script.chmod(0o755)
        yield tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "k8s/run.sh", *arguments],
        env={"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_command_runs_as_the_engine_does(kubectl: Path) -> None:
    made = run(kubectl, "reconcile", "--since", "2026-07-28T09:30:00Z")
    assert made.returncode == 0, made.stderr
    spec: dict[str, Any] = yaml.safe_load(made.stdout)["spec"]
    (command,) = spec["containers"]
    assert command["args"] == ["reconcile", "--since", "2026-07-28T09:30:00Z"]
    engine = container("base")
    for part in ("image", "envFrom", "env", "resources", "securityContext"):
        assert command[part] == engine[part], part
    assert spec["securityContext"] == pod("base")["securityContext"]
    assert spec["restartPolicy"] == "Never"
    assert spec["automountServiceAccountToken"] is False


def test_without_a_command_it_names_one(tmp_path: Path) -> None:
    made = run(tmp_path)
    assert made.returncode != 0
    assert "name a command" in made.stderr
