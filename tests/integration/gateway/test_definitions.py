"""QuickFIX's acceptance definitions hold for a gateway's process, as far as they are right."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.engines import Surroundings
from tests.support.fix.definitions import ANSWERED_TOO_LOW, Player, scripts
from tests.support.fix.gateway_lines import GatewayGround
from tests.support.gateways import GatewayProcess, gateway_process, session

VERSIONS = ("42", "44")

LONG = frozenset({"4a_NoDataSentDuringHeartBtInt.def", "6_SendTestRequest.def"})
"""They wait for heartbeats; the pure machine plays them every time, with a clock of its own."""

AT_ONCE = 32

CLIENTS = [f"{number:02}" for number in range(100)]
"""A version's definitions open fewer connections."""


@pytest.fixture(scope="module")
def gateway(
    shared: Surroundings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    sessions = "".join(
        session(client, own='"ISLD"', version=f'"FIX.4.{version[1]}"')
        for version in VERSIONS
        for client in CLIENTS
    )
    gateway = gateway_process(
        shared,
        tmp_path_factory.mktemp("gateway"),
        pod="echo",
        sessions=sessions,
        program="tests.integration.gateway.echoing",
    )
    gateway.wait_until_ready()
    yield gateway
    assert gateway.process.stop() == 0


def test_they_hold(gateway: GatewayProcess, request: pytest.FixtureRequest) -> None:
    clients = {version: iter(CLIENTS) for version in VERSIONS}

    def fault(version: str, name: str, script: str) -> str | None:
        ground = GatewayGround(gateway.port, clients[version])
        if name not in LONG:  # a busy machine may be slower than a heartbeat of 2 s
            script = script.replace("\x01108=2\x01", "\x01108=30\x01")
        try:
            Player(ground.connect, ground.now).play(script)
        except AssertionError as error:
            return str(error)
        return None

    left_out = frozenset() if request.config.getoption("--all-definitions") else LONG
    played = [
        (version, name, script)
        for version in VERSIONS
        for name, script in scripts(version).items()
        if name not in left_out
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        faults = pool.map(lambda each: fault(*each), played)
    failed = {
        (each[0], each[1]): found for each, found in zip(played, faults, strict=True) if found
    }
    assert failed.keys() == {(v, name) for v in VERSIONS for name in ANSWERED_TOO_LOW}, failed
