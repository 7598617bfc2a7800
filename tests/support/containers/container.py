"""A container with one port on 127.0.0.1, by testcontainers and the Docker of this machine."""

import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from signal import SIGTERM
from typing import Any

from docker.errors import (  # type: ignore[import-untyped]  # no py.typed marker
    DockerException,
    ImageNotFound,
)
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from fixengine.demo.errors import DemoError
from fixengine.demo.process import ChildProcess
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from tests.support.containers import keeper

HOST = "127.0.0.1"
_KEEPER_SECONDS = 20.0
_STOP_SECONDS = 30
_KILL_SECONDS = 10

# a keeper does what testcontainers' reaper does, and needs neither an image nor privileges for it
testcontainers_config.ryuk_disabled = True


class Container:
    """A container that is made with its first start and goes when the workspace closes.

    Between stops, kills and starts it keeps its port and what it stored. `port` is the one on the
    host, `inner_port` the one that it listens on.
    """

    def __init__(
        self,
        *,
        workspace: Workspace,
        name: str,
        image: str,
        port: int,
        inner_port: int,
        environment: Mapping[str, str],
        command: Sequence[str] = (),
    ) -> None:
        self._name = f"fixengine-{name}-{uuid.uuid4().hex[:12]}"
        self._image = image
        self._ports = {f"{inner_port}/tcp": (HOST, port)}
        self._environment = dict(environment)
        self._command = list(command)
        self._keeper: ChildProcess = workspace.child(
            f"{name}-keeper",
            [sys.executable, "-P", keeper.__file__, self._name],
            last_signal=SIGTERM,
        )
        self._made: Any = None  # what docker knows of it; its package has no types

    @property
    def running(self) -> bool:
        """Whether its main process is there."""
        if self._made is None:
            return False
        self._made.reload()
        return self._made.status in {"running", "paused"}

    def start(self, answers: Callable[[], object], deadline_seconds: float) -> None:
        """Start it and return when `answers()` is true; raises DemoError."""
        with _translated(f"a container of {self._image} can't be started"):
            if self._made is None:
                self._make()
            elif not self.running:
                self._made.start()

        def up() -> object:
            if not self.running:
                raise DemoError(f"the container of {self._image} ended: {self.last_words()}")
            return answers()

        wait_until(up, deadline_seconds, f"the container of {self._image} to come up")

    def stop(self) -> None:
        """Stop it cleanly, by the signal that its image names."""
        if self._made is not None:
            self._made.stop(timeout=_STOP_SECONDS)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.running:
            self._made.kill()
            self._made.wait(timeout=_KILL_SECONDS)

    def pause(self) -> None:
        """Freeze all of it: connections stay open, nothing is answered."""
        self._made.pause()

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._made.unpause()

    def execute(self, command: str) -> None:
        """Run a shell command in it, as root; raises DemoError when that fails."""
        code, output = self._made.exec_run(["sh", "-c", command], user="root")
        if code != 0:
            raise DemoError(f"`{command}` failed in a container of {self._image}: {output!r}")

    def last_words(self) -> str:
        """Return the last line of its log."""
        return str(self._made.logs(tail=1).decode(errors="replace")).strip() or "it wrote nothing"

    def _make(self) -> None:
        self._keeper.start()
        self._keeper.wait_until_up(
            lambda: self._keeper.last_words() == keeper.keeping(self._name), _KEEPER_SECONDS
        )
        blueprint = DockerContainer(self._image, name=self._name, env=self._environment)
        with closing(blueprint.get_docker_client().client):
            blueprint.ports = self._ports  # type: ignore[assignment]  # with an address, as docker's own
            if self._command:
                blueprint.with_command(self._command)
            blueprint.start()
            self._made = _docker().containers.get(self._name)


def fetch(*images: str) -> None:
    """Pull the images that are not here; raise DemoError when Docker or one of them is missing."""
    with _translated("containers need a Docker that answers"):
        known = _docker().images
    for image in images:
        with _translated(f"the image {image} is not here and can't be pulled"):
            try:
                known.get(image)
            except ImageNotFound:
                known.pull(image)


@cache
def _docker() -> Any:
    return DockerClient().client


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except DockerException as error:
        raise DemoError(f"{what}: {' '.join(str(error).split())}") from error
