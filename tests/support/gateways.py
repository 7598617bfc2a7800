"""Gateways within the test's own process, and clients that trade with them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import urllib3

from fixengine.actors.gateway.limits import SESSION_LIMITS, SessionLimits
from fixengine.config import load
from fixengine.config.fix_sessions import load_sessions
from fixengine.demo.process import ChildProcess
from fixengine.demo.stack import surroundings
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from fixengine.gateway.gateway import Gateway
from fixengine.gateway.parts import ApplicationOf, order_entry
from tests.support.engines import Surroundings


def session(peer: str = "OMS1", **more: str) -> str:
    """Return what a file of sessions says of a client; values as TOML writes them."""
    said = {
        "own": '"FIXENGINE"',
        "peer": f'"{peer}"',
        "destination": '"ML"',
        "heartbeat": "[1, 60]",
        **more,
    }
    return "\n".join(("[[session]]", *(f"{name} = {value}" for name, value in said.items()), ""))


class World(Protocol):
    """Where a gateway runs."""

    @property
    def workspace(self) -> Workspace:
        """Has its ports and its process."""

    def environment(self, **overrides: str) -> dict[str, str]:
        """Return the settings of engines and gateways there."""


class GatewayProcess:
    """A `fixengine gateway` of its own, to be killed."""

    def __init__(self, process: ChildProcess, *, port: int, health_port: int) -> None:
        self.process = process
        self.port = port
        self._health_port = health_port

    def wait_until_ready(self) -> None:
        self.process.wait_until_up(self._is_ready, 60)

    def _is_ready(self) -> bool:
        url = f"http://127.0.0.1:{self._health_port}/readyz"
        try:
            return urllib3.request("GET", url, retries=False, timeout=5).status == 200
        except urllib3.exceptions.HTTPError:
            return False


class RunningGateway:
    """A gateway, and how its clients reach it."""

    def __init__(self, gateway: Gateway, port: int) -> None:
        self.gateway = gateway
        self.port = port

    def wait_until_ready(self) -> None:
        wait_until(
            lambda: self.gateway.health.ready().ok,
            60,
            f"the gateway to be ready: {self.gateway.health.ready().body}",
        )


def gateway_process(
    world: World,
    folder: Path,
    *,
    pod: str,
    sessions: str | None = None,
    program: str = "fixengine",
    port: int | None = None,
    **overrides: str,
) -> GatewayProcess:
    """Return a process that is started, and ends with the world's workspace.

    Without a `port` it has one of its own; with one, it has to have another `pod` than before.
    """
    file = folder / f"{pod}.toml"
    file.write_text(sessions or session(), encoding="utf-8")
    port, health_port = port or world.workspace.reserve_port(), world.workspace.reserve_port()
    given = world.environment(
        FIX_PORT=str(port), FIX_SESSIONS=str(file), HEALTH_PORT=str(health_port), **overrides
    )
    process = world.workspace.child(
        f"{pod}-{port}",
        [sys.executable, "-m", program, "gateway"],
        environment={**surroundings(), **given, "HOSTNAME": pod},
    )
    process.start()
    return GatewayProcess(process, port=port, health_port=health_port)


@contextmanager
def running_gateway(
    world: Surroundings,
    folder: Path,
    *,
    sessions: str | None = None,
    pod: str = "gateway",
    application: ApplicationOf = order_entry,
    limits: SessionLimits = SESSION_LIMITS,
    **overrides: str,
) -> Iterator[RunningGateway]:
    """Lend a gateway that is ready."""
    file = folder / f"{pod}.toml"
    file.write_text(sessions or session(), encoding="utf-8")
    port = world.workspace.reserve_port()
    settings = load(world.environment(FIX_PORT=str(port), FIX_SESSIONS=str(file), **overrides))
    gateway = Gateway(
        settings,
        load_sessions(settings),
        pod=pod,
        on_failure=world.failures.append,
        application=application,
        limits=limits,
    )
    gateway.start()
    running = RunningGateway(gateway, port)
    try:
        running.wait_until_ready()
        yield running
    finally:
        assert gateway.stop() == ()
