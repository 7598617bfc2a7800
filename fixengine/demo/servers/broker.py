"""What a broker is to a stack, and what those that are one process of this machine share."""

import socket
from collections.abc import Mapping
from typing import Protocol

from fixengine.demo.process import ChildProcess


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
