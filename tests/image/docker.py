"""Docker's command line, and the container that the image's tests run engines in."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

IMAGE = os.environ.get("FIXENGINE_IMAGE", "fixengine:test")
BASE = os.environ.get("PYTHON_IMAGE", "python:3.11-slim-bookworm")
# As the Deployment has it: nothing may be written, nothing is allowed, and there is little memory.
RESTRICTED = (
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--memory=100m",
    "--memory-swap=100m",
)


def docker(*arguments: str, deadline_seconds: float = 60.0) -> str:
    """Run a Docker command and return what it wrote to standard output."""
    done = subprocess.run(
        ["docker", *arguments],
        capture_output=True,
        text=True,
        timeout=deadline_seconds,
        check=False,
    )
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr.strip()}"
    return done.stdout


def inspect(name: str) -> dict[str, Any]:
    """Return what Docker knows of an image or a container."""
    (found,) = json.loads(docker("inspect", name))
    assert isinstance(found, dict)
    return found


def in_image(*command: str) -> str:
    """Run a program of the image, restricted and without a network, and return what it wrote."""
    program, *arguments = command
    alone = ("run", "--rm", "--network=none", *RESTRICTED, f"--entrypoint={program}")
    return docker(*alone, IMAGE, *arguments)


def run_command(name: str, *command: str, environment: Mapping[str, str]) -> list[str]:
    """Return a command that runs a container, restricted, on the host's network until it ends."""
    settings = [f"--env={key}={value}" for key, value in environment.items()]
    return [
        *("docker", "run", "--rm", f"--name={name}", "--network=host"),
        *(*RESTRICTED, *settings, IMAGE, *command),
    ]


def status_of(container: str) -> dict[str, str]:
    """Return the kernel's view of a container's first process, /proc/PID/status."""
    pid = inspect(container)["State"]["Pid"]
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def working_set_mib(container: str) -> float:
    """Return a container's memory without the file cache, which is what autoscalers look at."""
    used = docker("stats", "--no-stream", "--format={{.MemUsage}}", container).split("/")[0].strip()
    assert used.endswith("MiB"), used
    return float(used.removesuffix("MiB"))
