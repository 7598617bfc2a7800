"""Faults of the FIX gateways of a field, whose clients trade meanwhile."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from random import Random

from tests.chaos.field import Field
from tests.support.fix.floor import Floor
from tests.support.gateways import GatewayProcess
from tests.support.network.proxy import Flow

FREEZE_SECONDS = 22.0
"""Longer than PostgreSQL keeps a lock of somebody who is silent, and others wait for it."""

_SETTLED_SECONDS = 90.0

Fault = Callable[[Field, Random], None]


def kill_gateways(field: Field, floor: Floor, rng: Random) -> None:
    """Kill -9 and SIGTERM, now one and now the other; at times none is there."""
    for _ in range(3):
        victim = rng.choice(floor.gateways)
        _hit(field, floor)
        victim.process.kill()
        time.sleep(rng.uniform(0, 1))
        _start(victim)
    for gateway in floor.gateways:
        _hit(field, floor)
        assert gateway.process.stop() == 0, "a gateway did not drain"
        _start(gateway)


def freeze_a_gateway(field: Field, floor: Floor, rng: Random) -> None:
    """SIGSTOP until its sessions are others', then SIGCONT: it must not act on what it knew."""
    victim = rng.choice(floor.gateways)
    _hit(field, floor)
    victim.process.pause()
    try:
        time.sleep(FREEZE_SECONDS)
    finally:
        victim.process.resume()
    _hit(field, floor)


def break_lines(field: Field, floor: Floor, rng: Random) -> None:
    """Connections are cut, fall silent, or are half open while their clients are back on others."""
    for _ in range(3):
        _hit(field, floor)
        floor.line.set(Flow.CUT)
        time.sleep(rng.uniform(0, 1))
        floor.line.set(Flow.OPEN)
        _hit(field, floor)
        floor.leave_half_open()
        time.sleep(rng.uniform(0, 6))
        rng.choice(floor.gateways).process.kill()
        for gateway in floor.gateways:
            _start(gateway)
    _hit(field, floor)
    floor.line.set(Flow.SILENT)
    time.sleep(5)
    floor.line.set(Flow.MUTE)
    time.sleep(2)
    floor.line.set(Flow.OPEN)


def crash_the_database(field: Field, floor: Floor, rng: Random) -> None:
    """PostgreSQL's immediate stop and a start soon after; then replies that are lost."""
    for _ in range(2):
        _hit(field, floor)
        field.ground.postgres.crash()
        time.sleep(rng.uniform(0.5, 3))
        field.ground.postgres.start()
    for _ in range(4):
        _hit(field, floor)
        field.ground.to_postgres.set(Flow.MUTE)
        time.sleep(rng.uniform(0.02, 0.3))
        field.ground.to_postgres.set(Flow.CUT)
        field.ground.to_postgres.set(Flow.OPEN)


def _among_clients(
    fault: Callable[[Field, Floor, Random], None], field: Field, rng: Random
) -> None:
    """Run two gateways and their clients through a fault, and judge what these were told."""
    folder = field.workspace.subfolder(f"{field.name}-gateways")
    with Floor(
        field,
        folder,
        dsn=field.dsn,
        name=f"{field.name}-gateway",
        program=field.program,
        seed=rng.randrange(1_000_000),
        unpriced=False,
    ) as floor:
        fault(field, floor, rng)
        field.problems += floor.problems(_SETTLED_SECONDS)


GATEWAY_FAULTS: Mapping[str, Fault] = {
    "gateway-kill": partial(_among_clients, kill_gateways),
    "gateway-freeze": partial(_among_clients, freeze_a_gateway),
    "gateway-lines": partial(_among_clients, break_lines),
    "gateway-database": partial(_among_clients, crash_the_database),
}
"""Each has gateways of its own, and clients who trade by them."""


def _hit(field: Field, floor: Floor) -> None:
    floor.wait_until_busy()
    field.hit()


def _start(gateway: GatewayProcess) -> None:
    gateway.process.start()
    gateway.wait_until_ready()
