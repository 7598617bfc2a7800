"""The command `fix send` with a real gateway and a real engine."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fixengine.config.passwords import hash_password
from fixengine.demo.feed.universe import priced_listings
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.fix.sender import sending_to
from tests.support.gateways import RunningGateway, running_gateway, session
from tests.support.network.certificates import Identity

pytestmark = pytest.mark.any_broker

PATIENCE = 60.0
TICKER, UNPRICED = priced_listings()[0].ticker, "NOPRC"
PASSWORD = "hunter2"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="module")
def identity(folder: Path) -> Identity:
    return Identity.made(folder, "gateway")


@pytest.fixture(scope="module")
def gateway(shared: Surroundings, folder: Path, identity: Identity) -> Iterator[RunningGateway]:
    """Lend a gateway with TLS that anybody with the password may use, and an engine beside it."""
    sessions = session("*", password=f'"{hash_password(PASSWORD.encode())}"')
    with (
        shared.engine() as engine,
        running_gateway(
            shared,
            folder,
            sessions=sessions,
            FIX_TLS_CERTIFICATE=str(identity.certificate),
            FIX_TLS_KEY=str(identity.key),
        ) as gateway,
    ):
        wait_until_ready(engine)
        yield gateway


@contextmanager
def sending(
    gateway: RunningGateway, identity: Identity, *arguments: str, password: str = PASSWORD
) -> Iterator["subprocess.Popen[str]"]:
    """Run the command beside the body."""
    address = ("127.0.0.1", gateway.port)
    options = ("--ca", str(identity.certificate), *arguments)
    with sending_to(address, *options, FIX_PASSWORD=password) as process:
        yield process


def sent(
    gateway: RunningGateway, identity: Identity, *arguments: str, password: str = PASSWORD
) -> tuple[int, str]:
    """Run the command to its end; return its exit code and all that it said."""
    with sending(gateway, identity, *arguments, password=password) as process:
        output, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, output


def test_it_sends_orders_and_ends_when_all_are_filled(
    gateway: RunningGateway, identity: Identity, shared: Surroundings
) -> None:
    code, said = sent(gateway, identity, "--count", "25", "--symbols", TICKER, "--sender", "A")
    assert code == 0, said
    assert said.endswith("25 Filled\n")
    assert said.count("ExecutionReport: order ") >= 50
    assert shared.count("execution where execution_status = 'FULL'") == 25


@pytest.mark.timeout(120)  # it reads what the command prints at once
def test_it_cancels_what_is_open_when_it_is_interrupted(
    gateway: RunningGateway, identity: Identity
) -> None:
    options = ("--count", "3", "--symbols", UNPRICED, "--sender", "B")
    with sending(gateway, identity, *options) as process:
        assert process.stdout is not None
        said = ""
        while said.count(": order ") < 3:
            said += (line := process.stdout.readline())
            assert line, said
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said + rest
    assert rest.endswith("3 Canceled\n")


def test_an_order_of_an_unknown_security_is_rejected(
    gateway: RunningGateway, identity: Identity
) -> None:
    code, said = sent(gateway, identity, "--count", "1", "--symbols", "NO-SUCH", "--sender", "C")
    assert code == 1
    assert "UnknownSymbol" in said
    assert said.endswith("1 Rejected\n")


def test_who_has_a_wrong_password_is_turned_away_without_a_word(
    gateway: RunningGateway, identity: Identity
) -> None:
    code, said = sent(gateway, identity, "--count", "1", "--sender", "D", password="hunter3")
    assert code == 1
    assert "the peer closed the connection" in said
    assert "hunter3" not in said
