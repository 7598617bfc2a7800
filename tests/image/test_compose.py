"""compose.yaml, up and down again."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from fixengine.demo.waiting import wait_until
from tests.image.docker import inspect

PROJECT = "fixengine-test"
FOLDER = Path(__file__).parents[2]


def _command() -> list[str]:
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if plugin.returncode == 0:
        return ["docker", "compose"]
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("needs docker compose or docker-compose")
    return [program]


def compose(*arguments: str, deadline_seconds: float = 180.0) -> str:
    done = subprocess.run(
        [*_command(), f"--project-name={PROJECT}", *arguments],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=deadline_seconds,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture
def up() -> Iterator[None]:
    try:
        compose("up", "--detach")
        yield
    finally:
        compose("down", "--volumes", "--remove-orphans")


def executions() -> list[dict[str, Any]]:
    try:
        with urlopen("http://127.0.0.1:8085/api/v1/executions?limit=1000", timeout=5) as answer:
            rows = json.load(answer)
    except (URLError, ConnectionError):
        return []
    assert isinstance(rows, list)
    return rows


def test_the_file_is_valid() -> None:
    assert "globeco" not in compose("config")


@pytest.mark.usefixtures("up")
def test_two_engines_fill_what_is_fed_and_end_cleanly() -> None:
    engines = compose("ps", "--quiet", "engine", "peers").split()
    assert len(engines) == 2

    def healthy() -> bool:
        return all(inspect(one)["State"]["Health"]["Status"] == "healthy" for one in engines)

    wait_until(healthy, 90, "both engines to be healthy")
    compose("run", "--rm", "feed", "feed", "--orders=300", "--rate=100")
    wait_until(lambda: len(executions()) == 300, 60, "all orders to be stored")
    wait_until(
        lambda: sum(row["quantityFilled"] > 0 for row in executions()) > 30, 60, "the first fills"
    )
    assert healthy()
    compose("stop", "engine", "peers")
    assert [inspect(one)["State"]["ExitCode"] for one in engines] == [0, 0]
