"""What is said of servers that can't be had."""

import subprocess
import sys
from pathlib import Path

import pytest

from fixengine.demo.errors import DemoError
from fixengine.demo.stack import surroundings
from tests.support.stacks import BrokerKind, check

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", [BrokerKind.EMBEDDED, BrokerKind.APACHE])
def test_servers_without_containers_need_no_docker(
    kind: BrokerKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    check(kind)


def test_containers_without_testcontainers_name_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT)])
    monkeypatch.delitem(sys.modules, "testcontainers", raising=False)
    with pytest.raises(DemoError, match=r"pip install 'fixengine\[dev\]'"):
        check(BrokerKind.CONTAINERS)


def test_tests_on_containers_end_with_one_line_where_docker_does_not_answer(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--stack",
            "containers",
            "-p",
            "no:cacheprovider",
            __file__,
        ],
        cwd=ROOT,
        env={**surroundings(), "DOCKER_HOST": f"unix://{tmp_path}/nobody"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "passed" not in done.stdout
    assert "skipped" not in done.stdout
    (line,) = done.stderr.split("\n\n")[0].splitlines()
    assert line.startswith("ERROR: --stack containers: containers need a Docker that answers: ")
