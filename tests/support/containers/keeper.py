"""The keeper of a container: a process of its own that removes it when it is told to end.

It runs as a script, and the workspace and the guard end it as they end every process of a stack:
so a container goes when its workspace closes, and also when the workspace's owner is killed.
"""

import contextlib
import signal
import sys

from docker.errors import NotFound  # type: ignore[import-untyped]  # no py.typed marker
from testcontainers.core.docker_client import DockerClient


def keeping(name: str) -> str:
    """Return the line that says that the keeper is at its post."""
    return f"keeping {name}"


def keep(name: str) -> None:
    """Wait for SIGTERM, then remove the container and its volumes, running or not."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    containers = DockerClient().client.containers
    sys.stdout.write(f"{keeping(name)}\n")
    sys.stdout.flush()
    signal.sigwait({signal.SIGTERM})
    with contextlib.suppress(NotFound):
        containers.get(name).remove(force=True, v=True)


if __name__ == "__main__":
    keep(sys.argv[1])
