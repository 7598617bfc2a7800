"""compose.yaml: one command builds, starts and connects everything, another forgets it all."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from fixengine.demo.topics import read_topic
from fixengine.demo.waiting import wait_until
from tests.image.docker import docker, inspect

PROJECT = "fixengine-test"
OURS = f"--filter=label=com.docker.compose.project={PROJECT}"
IMAGE = "fixengine:composed"
FILES = ("compose.yaml", "tests/image/compose.fast.yaml")
FOLDER = Path(__file__).parents[2]
ORDERS = 300

HEALTHY = "health_status: healthy"
ENDED_WELL = "die 0"
# What must have happened before a service is started.
ENGINE_NEEDS = {
    "postgres": HEALTHY,
    "kafka": HEALTHY,
    "topics": ENDED_WELL,
    "neighbours": HEALTHY,
}
NEEDS = {
    "topics": {"kafka": HEALTHY},
    "engine": ENGINE_NEEDS,
    "peers": ENGINE_NEEDS,
    "gateway": {"postgres": HEALTHY, "neighbours": HEALTHY},
}


def _command() -> list[str]:
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if plugin.returncode == 0:
        return ["docker", "compose"]
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("needs docker compose or docker-compose")
    return [program]


def compose(
    *arguments: str, files: tuple[str, ...] = FILES, deadline_seconds: float = 180.0
) -> str:
    done = subprocess.run(
        [*_command(), f"--project-name={PROJECT}", *(f"--file={one}" for one in files), *arguments],
        cwd=FOLDER,
        env={**os.environ, "FIXENGINE_IMAGE": IMAGE},
        capture_output=True,
        text=True,
        timeout=deadline_seconds,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout


def left_behind() -> list[str]:
    """Containers, volumes and networks of the project."""
    lists = (("ps", "--all"), ("volume", "ls"), ("network", "ls"))
    return "".join(docker(*each, "--quiet", OURS) for each in lists).split()


def images() -> list[str]:
    return docker("image", "ls", "--quiet", "--no-trunc", IMAGE).split()


def forget() -> None:
    compose("down", "--volumes", "--remove-orphans")
    if images():
        docker("image", "rm", IMAGE)


@pytest.fixture
def nothing() -> Iterator[None]:
    """Nothing of the project is there, before and after."""
    forget()
    yield
    forget()


@contextmanager
def events(file: Path) -> Iterator[None]:
    """Write down which containers of the project start, become healthy and end."""
    kinds = [f"--filter=event={each}" for each in ("start", "health_status", "die")]
    since = docker("system", "info", "--format={{.SystemTime}}").strip()
    command = ["docker", "events", f"--since={since}", OURS, *kinds, "--format={{json .}}"]
    with file.open("wb") as output, subprocess.Popen(command, stdout=output) as stream:
        try:
            yield
        finally:
            stream.terminate()


def happened(file: Path) -> list[tuple[str, str]]:
    """Services and what became of them, in order."""
    found = []
    for event in map(json.loads, file.read_text("utf-8").splitlines()):
        about = event["Actor"]["Attributes"]
        code = f" {about['exitCode']}" if event["Action"] == "die" else ""
        found.append((about["com.docker.compose.service"], event["Action"] + code))
    return found


def executions() -> list[dict[str, Any]]:
    try:
        with urlopen("http://127.0.0.1:8085/api/v1/executions?limit=1000", timeout=5) as answer:
            rows = json.load(answer)
    except (URLError, ConnectionError):
        return []
    assert isinstance(rows, list)
    return rows


def last_fills() -> dict[str, Any]:
    """What the topic says of each order at last, read from this machine."""
    records = read_topic("localhost:9094", "fills")
    return {(each.key or b"").decode(): json.loads(each.value or b"null") for each in records}


def test_the_file_is_valid() -> None:
    assert "globeco" not in compose("config", files=("compose.yaml",))


@pytest.mark.usefixtures("nothing")
def test_it_builds_the_image_starts_by_health_fills_what_is_fed_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    assert not images()
    with events(tmp_path / "events"):
        compose("up", "--detach")
        engines = compose("ps", "--quiet", "engine", "peers").split()
        assert len(engines) == 2
        served = [*engines, *compose("ps", "--quiet", "gateway").split()]
        assert len(served) == 3

        def healthy() -> bool:
            return all(inspect(one)["State"]["Health"]["Status"] == "healthy" for one in served)

        wait_until(healthy, 90, "both engines and the gateway to be healthy")
    (built,) = images()
    assert {inspect(one)["Image"] for one in served} == {built}
    order = happened(tmp_path / "events")
    for service, needs in NEEDS.items():
        before = order[: order.index((service, "start"))]
        assert needs.items() <= set(before), f"{service} was started after {before}"

    compose("run", "--rm", "feed", "orders", "send", f"--count={ORDERS}", "--rate=100")
    wait_until(
        lambda: sum(not row["isOpen"] for row in executions()) == ORDERS, 60, "all to be filled"
    )
    rows = {str(row["executionServiceId"]): row for row in executions()}
    assert {row["executionStatus"] for row in rows.values()} == {"FULL"}
    wait_until(lambda: last_fills() == rows, 30, "the topic to tell all that REST tells")

    assert healthy()
    compose("stop", "engine", "peers", "gateway")
    assert [inspect(one)["State"]["ExitCode"] for one in served] == [0, 0, 0]
    compose("down", "--volumes")
    assert left_behind() == []
