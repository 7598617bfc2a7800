"""`k8s/run.sh`: the pod that it makes of the engine's Deployment, and that it takes away again."""

import copy
import os
import select
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fixengine.demo.waiting import wait_until
from tests.manifests.built import NAMESPACE, ROOT, Manifest, container, only, pod
from tests.manifests.cluster import Cluster, cluster

# Makes the pod, and is attached to it until the file says with which code it has ended.
KUBECTL = """#!{python}
import os, pathlib, signal, subprocess, sys
words = ["kubectl", "--server={server}", *sys.argv[1:]]
if "run" not in words:
    os.execv("{kubectl}", words)
made = [word for word in words if word not in ("--stdin", "--quiet")]
assert len(made) == len(words) - 2, "it has to wait, and to say nothing of its own"
assert sys.stdin.readline(), "the command waits for a line"
code = subprocess.run(["{kubectl}", *made[1:]], stdout=subprocess.DEVNULL).returncode
if code:
    sys.exit(code)
ended = pathlib.Path("{ended}")
if not ended.exists():
    signal.pause()
sys.exit(int(ended.read_text()))
"""


@dataclass(frozen=True, slots=True)
class Operator:
    """Calls the script in a shell whose kubectl knows that cluster."""

    cluster: Cluster
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def starts(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [ROOT / "k8s/run.sh", *arguments],
            env={
                "PATH": f"{self.folder}:{os.environ['PATH']}",
                "HOME": str(self.folder),
                **self.settings,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def runs(self, *arguments: str, ends_with: int = 0) -> tuple[int, str]:
        """Let the command end with that code; return the script's code and its complaints."""
        (self.folder / "ended").write_text(str(ends_with), "utf-8")
        running = self.starts(*arguments)
        _, complaints = running.communicate(timeout=60)
        return running.returncode, complaints


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    with operator_of(only("base", "Deployment"), tmp_path) as lent:
        yield lent


@contextmanager
def operator_of(deployment: Manifest, tmp_path: Path, **settings: str) -> Iterator[Operator]:
    real = Path(sysconfig.get_path("scripts")) / "kubectl"
    script = tmp_path / "kubectl"
    with cluster(deployment) as lent:
        script.write_text(
            KUBECTL.format(
                python=sys.executable, kubectl=real, server=lent.url, ended=tmp_path / "ended"
            ),
            "utf-8",
        )
        script.chmod(0o755)
        yield Operator(cluster=lent, folder=tmp_path, settings=settings)


def somebody_elses(name: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"fixengine-run": "another"}},
    }


def test_a_command_runs_as_the_engine_does(operator: Operator) -> None:
    assert operator.runs("reconcile", "--since", "2026-07-28T09:30:00Z") == (0, "")
    (made,) = operator.cluster.made
    spec = made["spec"]
    (command,) = spec["containers"]
    assert command["command"][-3:] == ["reconcile", "--since", "2026-07-28T09:30:00Z"]
    engine = container("base")
    for part in ("image", "envFrom", "env", "resources", "securityContext", "volumeMounts"):
        assert command[part] == engine[part], part
    for part in ("securityContext", "serviceAccountName"):
        assert spec[part] == pod("base")[part], part
    assert spec["restartPolicy"] == "Never"
    assert spec["automountServiceAccountToken"] is False
    assert spec["terminationGracePeriodSeconds"] == 1, "a command is deaf to SIGTERM as process 1"


def test_nothing_is_written_before_kubectl_is_there_to_show_it(
    operator: Operator, tmp_path: Path
) -> None:
    """It is attached to a container that has started, and gets what is written from then on."""
    operator.runs("dlq", "show", "a b", "$HOME")
    ((command,),) = (made["spec"]["containers"] for made in operator.cluster.made)
    program = tmp_path / "fixengine"
    program.write_text('#!/bin/sh\ncat\nprintf "%s\\n" "$@"\nexit 3\n', "utf-8")
    program.chmod(0o755)
    with subprocess.Popen(
        command["command"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        written, _, _ = select.select([running.stdout], [], [], 0.5)
        assert not written
        running.stdin.write("attached\n")
        running.stdin.flush()
        assert running.stdout.read() == "dlq\nshow\na b\n$HOME\n"
        assert running.wait(60) == 3


@pytest.mark.parametrize(
    ("engines", "its_own"),
    [
        ({"sizeLimit": "64Mi"}, {}),
        ({"medium": "Memory", "sizeLimit": "64Mi"}, {"medium": "Memory"}),
        ({}, {}),
    ],
)
def test_an_audit_has_room_for_what_it_reads(
    engines: Manifest, its_own: Manifest, tmp_path: Path
) -> None:
    """Above its limit the kubelet evicts a pod, in the middle of its work."""
    deployment = copy.deepcopy(only("base", "Deployment"))
    spec = deployment["spec"]["template"]["spec"]
    spec["volumes"] = [{"name": "tmp", "emptyDir": engines}]
    with operator_of(deployment, tmp_path) as operator:
        assert operator.runs("audit") == (0, "")
        (made,) = operator.cluster.made
    assert made["spec"]["volumes"] == [{"name": "tmp", "emptyDir": its_own}]


def test_what_an_operator_has_added_to_the_deployment_counts(tmp_path: Path) -> None:
    """A registry that asks who pulls, nodes of one's own, a file that a setting names."""
    deployment = copy.deepcopy(only("base", "Deployment"))
    spec = deployment["spec"]["template"]["spec"]
    spec["imagePullSecrets"] = [{"name": "registry"}]
    spec["nodeSelector"] = {"disk": "fast"}
    spec["tolerations"] = [{"key": "trading", "operator": "Exists"}]
    spec["volumes"].append({"name": "ca", "secret": {"secretName": "ca"}})
    spec["containers"][0]["volumeMounts"].append({"name": "ca", "mountPath": "/ca"})
    odd = {"name": "KAFKA_CLIENT_CONFIG", "value": '{"a": "b\\c\nd $HOME `date`"}'}
    spec["containers"][0]["env"].append(odd)
    with operator_of(deployment, tmp_path) as operator:
        assert operator.runs("check-config") == (0, "")
        (made,) = operator.cluster.made
    for part in ("imagePullSecrets", "nodeSelector", "tolerations"):
        assert made["spec"][part] == spec[part], part
    assert made["spec"]["volumes"][-1] == spec["volumes"][-1]
    (command,) = made["spec"]["containers"]
    assert command["volumeMounts"] == spec["containers"][0]["volumeMounts"]
    assert command["env"] == spec["containers"][0]["env"]


def test_of_several_databases_a_command_runs_on_the_one_whose_deployment_is_named(
    tmp_path: Path,
) -> None:
    second = only("shards/2of2", "Deployment")
    name = second["metadata"]["name"]
    with operator_of(second, tmp_path, DEPLOYMENT=name) as operator:
        assert operator.runs("reconcile") == (0, "")
        (made,) = operator.cluster.made
    (command,) = made["spec"]["containers"]
    assert command["envFrom"] == container("shards/2of2")["envFrom"]


def test_a_deployment_that_asks_for_less_will_do(tmp_path: Path) -> None:
    """As that of the suite's chart, which has neither a ConfigMap nor rights of its own."""
    deployment = copy.deepcopy(only("base", "Deployment"))
    spec = deployment["spec"]["template"]["spec"]
    (engine,) = spec["containers"]
    for part in ("securityContext", "serviceAccountName", "volumes"):
        spec.pop(part)
    for part in ("securityContext", "envFrom", "volumeMounts"):
        engine.pop(part)
    with operator_of(deployment, tmp_path) as operator:
        assert operator.runs("check-config") == (0, "")
        (made,) = operator.cluster.made
    (command,) = made["spec"]["containers"]
    assert command["env"] == engine["env"]
    assert command.get("envFrom") is None


@pytest.mark.parametrize("code", [0, 1, 2])
def test_its_exit_code_is_the_commands_and_the_pod_goes(operator: Operator, code: int) -> None:
    assert operator.runs("dlq", "list", ends_with=code) == (code, "")
    assert len(operator.cluster.made) == 1
    assert not operator.cluster.pods


@pytest.mark.parametrize("key", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_it_takes_the_pod_along(operator: Operator, key: signal.Signals) -> None:
    running = operator.starts("reconcile", "--apply")
    wait_until(lambda: bool(operator.cluster.pods), 60, "the pod to be made")
    os.killpg(running.pid, key)
    _, complaints = running.communicate(timeout=60)
    assert running.returncode == 128 + key
    assert complaints.strip() in {"", signal.strsignal(key)}, "a shell may tell of its kubectl"
    assert not operator.cluster.pods
    assert operator.runs("reconcile", "--apply") == (0, "")


def test_somebody_elses_pod_of_the_same_name_stays(operator: Operator) -> None:
    another = somebody_elses("fixengine-reconcile")
    operator.cluster.create(another)
    code, complaints = operator.runs("reconcile", "--apply")
    assert code != 0
    assert 'pods "fixengine-reconcile" already exists' in complaints
    assert operator.cluster.pods == {"fixengine-reconcile": another}


def test_without_a_command_it_names_one(operator: Operator) -> None:
    code, complaints = operator.runs()
    assert code != 0
    assert "name a command" in complaints
    assert not operator.cluster.made
