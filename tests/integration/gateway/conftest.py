"""Clients of gateways, whose connections end with their test."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias

import pytest

from fixengine.infra.fix.numbers import Numbers
from tests.support.fix.trader import AT_FIRST, Trader


class HasPort(Protocol):
    """What a client connects to."""

    @property
    def port(self) -> int:
        """The port of 127.0.0.1."""


MakeClient: TypeAlias = Callable[..., Trader]


@pytest.fixture
def client() -> Iterator[MakeClient]:
    """Lend what makes a client of a gateway: `client(gateway, "OMS1")`."""
    made: list[Trader] = []

    def make(
        gateway: HasPort,
        peer: str = "OMS1",
        *,
        password: str | None = None,
        heartbeat: int = 30,
        numbers: Numbers = AT_FIRST,
    ) -> Trader:
        made.append(
            Trader(gateway.port, peer, password=password, heartbeat=heartbeat, numbers=numbers)
        )
        return made[-1]

    yield make
    for each in made:
        each.cut()
