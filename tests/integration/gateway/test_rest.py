"""REST of a gateway: its sessions, and what they sent, as clients make them."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import urllib3

from fixengine.config.passwords import hash_password
from fixengine.demo.waiting import wait_until
from tests.integration.gateway.conftest import MakeClient
from tests.support.document_client import assert_the_document_holds
from tests.support.documents import commands, page
from tests.support.engines import Surroundings
from tests.support.fix.client import written
from tests.support.gateways import RunningGateway, running_gateway, session

pytestmark = pytest.mark.any_broker

UNPRICED = "NOPRC"
PASSWORD = "open-sesame-77"
SESSIONS = "/api/v1/fix/sessions"


@dataclass
class Live:
    """A gateway, and its REST."""

    gateway: RunningGateway
    url: str
    dsn: str
    hashed: str

    @property
    def port(self) -> int:
        return self.gateway.port

    def get(self, path: str) -> Any:
        answer = urllib3.request("GET", f"{self.url}{path}", retries=False, timeout=60)
        assert answer.status == 200, answer.data
        return answer.json()

    def session(self, peer: str) -> dict[str, Any]:
        (found,) = self.get(f"{SESSIONS}?peerCompId={peer}")
        assert isinstance(found, dict)
        return found


@pytest.fixture(scope="module")
def live(shared: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Lend a gateway without an engine: nothing is filled."""
    folder = tmp_path_factory.mktemp("gateway")
    port, hashed = shared.workspace.reserve_port(), hash_password(PASSWORD.encode())
    sessions = session("*") + session("SECRET", password=f'"{hashed}"')
    with running_gateway(
        shared, folder, sessions=sessions, pod="rest-gateway", HTTP_PORT=str(port)
    ) as gateway:
        yield Live(gateway, f"http://127.0.0.1:{port}", shared.dsn, hashed)


def test_a_session_is_logged_on_with_its_numbers_until_its_client_goes(
    live: Live, client: MakeClient
) -> None:
    trader = client(live, "OMS1").logon()
    order = trader.order(quantity=100, symbol=UNPRICED)
    trader.wait_for(order, exec_type="0")
    shown = live.session("OMS1")
    assert (shown["state"], shown["owner"]) == ("ONLINE", "rest-gateway")
    assert (shown["nextIn"], shown["nextOut"]) == (3, 3)
    assert (shown["reportsWaiting"], shown["requestsUndecided"]) == (0, 0)
    assert "heardTimestamp" in shown
    assert live.get(f"{SESSIONS}/{shown['id']}")["ownCompId"] == "FIXENGINE"
    trader.initiator.logout("done")
    wait_until(lambda: live.session("OMS1")["state"] == "OFFLINE", 60, "the session's end")
    assert "heardTimestamp" not in live.session("OMS1")


def test_what_a_session_sent_is_shown_decoded(live: Live, client: MakeClient) -> None:
    trader = client(live, "OMS2").logon()
    order = trader.order(quantity=100, symbol=UNPRICED)
    report = trader.wait_for(order, exec_type="0")
    (message,) = live.get(f"{SESSIONS}/{live.session('OMS2')['id']}/messages")
    assert (message["number"], message["name"]) == (2, "ExecutionReport")
    assert message["evaluation"] == 0
    sent = {each["tag"]: each for each in message["fields"]}
    assert sent[37]["value"] == str(message["executionId"]) == (report.get(37) or b"").decode()
    assert sent[11]["value"] == order
    assert (sent[150]["name"], sent[150]["meaning"]) == ("ExecType", "New")


def test_what_is_missing_of_a_client_is_shown(live: Live) -> None:
    logon = written("35=A|34=6|98=0|108=30|", "OMS3", "FIXENGINE", datetime.now(UTC))
    with socket.create_connection(("127.0.0.1", live.port), timeout=60) as silent:
        silent.sendall(logon)
        wait_until(lambda: live.get(f"{SESSIONS}?peerCompId=OMS3"), 60, "the session")
        wait_until(lambda: "missingBefore" in live.session("OMS3"), 60, "the gap")
        shown = live.session("OMS3")
        assert (shown["nextIn"], shown["missingBefore"]) == (1, 6)


def test_neither_passwords_nor_their_hashes_are_shown(live: Live, client: MakeClient) -> None:
    client(live, "SECRET", password=PASSWORD).logon()
    id_ = live.session("SECRET")["id"]
    shown = [
        live.get(path) for path in (SESSIONS, f"{SESSIONS}/{id_}", f"{SESSIONS}/{id_}/messages")
    ]
    assert PASSWORD not in json.dumps(shown)
    assert live.hashed not in json.dumps(shown)
    assert "scrypt" not in json.dumps(shown)


def test_a_slow_database_is_a_503_and_holds_up_no_client(live: Live, client: MakeClient) -> None:
    trader = client(live, "OMS4").logon()
    with psycopg.connect(live.dsn) as other:
        other.execute("lock table fix_pending in access exclusive mode")
        answer = urllib3.request("GET", f"{live.url}{SESSIONS}", retries=False, timeout=60)
        other.rollback()
    assert answer.status == 503
    order = trader.order(quantity=100, symbol=UNPRICED)
    trader.wait_for(order, exec_type="0")


@pytest.mark.parametrize(
    "command", [line for line in commands(page("rest")) if "$GATEWAY/" in line]
)
def test_the_guides_commands_do_what_it_says(live: Live, client: MakeClient, command: str) -> None:
    client(live, "OMS5").logon(reset=True).initiator.logout("done")
    wait_until(lambda: live.get(f"{SESSIONS}/1"), 60, "a session")
    result = subprocess.run(
        ["sh", "-c", command],
        env={"PATH": os.environ["PATH"], "GATEWAY": live.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) is not None


def test_a_client_made_of_the_document_finds_nothing_wrong(live: Live, tmp_path: Path) -> None:
    assert_the_document_holds(live.url, tmp_path, "--include-path-regex=/fix/")
