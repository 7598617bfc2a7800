"""REST of a live engine: every route, a client made of its own document, and attackers."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from statistics import median
from time import monotonic
from urllib.parse import quote, urljoin

import psycopg
import pytest
import urllib3

from fixengine.demo.feed.feed import orders
from fixengine.demo.waiting import wait_until
from fixengine.engine.engine import Engine
from fixengine.http.serving.server import Server
from tests.support.document_client import assert_the_document_holds
from tests.support.documents import commands, page
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.network.gateway import gateway
from tests.support.rows import PATIENCE

pytestmark = pytest.mark.any_broker

ORDERS = 60
TOKEN = "a-token-for-operators"
LOOPBACKS = ["127.0.0.1", *(["::1"] if socket.has_dualstack_ipv6() else [])]
PROBED_WITHIN = 2.0
"""Seconds in which the probes answer, on busy cores too, while clients dawdle for far longer."""


class Live:
    """A running engine that has filled its orders."""

    def __init__(self, engine: Engine, around: Surroundings) -> None:
        self.around = around
        self._server = engine._rest
        self.port = self._server.port
        self.health_port = engine._probes.port
        self.url = f"http://127.0.0.1:{self.port}"
        self.app = engine._rest._app
        self.pool = urllib3.PoolManager(timeout=60)
        self._pool = urllib3.PoolManager(retries=False, timeout=60)

    def get_once(self, path: str) -> urllib3.BaseHTTPResponse:
        return self._pool.request("GET", f"{self.url}{path}", redirect=False)

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        """Ask, and again while a busy machine takes longer than a query may."""
        answers: list[urllib3.BaseHTTPResponse] = []

        def answered() -> bool:
            answers.append(self.get_once(path))
            return answers[-1].status != HTTPStatus.SERVICE_UNAVAILABLE

        wait_until(answered, PATIENCE, f"an answer to {path}")
        return answers[-1]

    def is_idle(self) -> bool:
        """Say whether no request is in hand or waits for its turn."""
        return not self._server._is_busy()

    def probe_seconds(self) -> float:
        """Return how long a probe takes, the median of eleven."""
        seconds = []
        for _ in range(11):
            began = monotonic()
            probe = HTTPConnection("127.0.0.1", self.health_port, timeout=60)
            probe.request("GET", "/readyz")
            assert probe.getresponse().status == 200
            probe.close()
            seconds.append(monotonic() - began)
        return median(seconds)


@pytest.fixture(scope="module")
def live(shared: Surroundings) -> Iterator[Live]:
    with shared.engine(OPERATOR_TOKEN=TOKEN) as engine:
        wait_until_ready(engine)
        fed = tuple(islice(orders(seed=3), ORDERS))
        shared.send(*fed)
        shared.wait_until_done(fed)
        yield Live(engine, shared)


def test_every_fill_is_in_the_ledger_that_it_shows(live: Live) -> None:
    executions = live.get("/api/v1/executions").json()
    assert len(executions) == ORDERS
    for execution in executions:
        fills = live.get(f"/api/v1/execution/{execution['id']}/fills").json()
        assert [fill["number"] for fill in fills] == [*range(1, execution["numberOfFills"] + 1)]
        assert fills[-1]["quantityFilled"] == execution["quantityFilled"]
        assert fills[-1]["totalAmount"] == execution["totalAmount"]
        assert fills[-1].get("averagePrice") == execution.get("averagePrice")


def test_the_summary_adds_up_to_what_the_table_has(live: Live) -> None:
    with psycopg.connect(live.around.dsn) as connection:
        row = connection.execute(
            "select sum(quantity_ordered), sum(total_amount) from execution"
        ).fetchone()
    assert row is not None

    def settled() -> bool:
        found = live.get("/api/v1/summary").json()
        return (
            found["countByStatus"] == {"FULL": ORDERS}
            and "fillsPerSecond" in found
            and (found["due"], found["unpublished"], found.get("lag")) == (0, 0, 0)
        )

    wait_until(settled, 60, "the counts to be fresh, the rate known and nothing left to do")
    summary = live.get("/api/v1/summary").json()
    assert summary["executions"] == ORDERS
    assert summary["filledShare"] == 1
    assert summary["quantityOrdered"] == summary["quantityFilled"] == float(row[0])
    assert summary["notional"] == pytest.approx(float(row[1]))


def test_pages_lead_through_all_executions(live: Live) -> None:
    seen: list[int] = []
    path = "/api/v1/executions?limit=7&status=FULL"
    while path:
        answer = live.get(path)
        seen += [execution["id"] for execution in answer.json()]
        following = answer.headers.get("Link", "")[1:].split(">")[0]
        path = following and urljoin(path, following)
    assert len(seen) == len(set(seen)) == ORDERS
    assert seen == sorted(seen, reverse=True)


def test_links_lead_through_the_gateway_that_they_came_by(live: Live) -> None:
    pool = urllib3.PoolManager(retries=False, timeout=60)
    with gateway(live.port) as before:
        pages, url = 0, f"{before.url}/api/v1/executions?limit=25"
        while url:
            answer = pool.request("GET", url)
            pages += 1
            following = answer.headers.get("Link", "")[1:].split(">")[0]
            url = following and urljoin(url, following)
        assert pages == 3
        moved = pool.request("GET", f"{before.url}/swagger-ui", redirect=False)
        page = urljoin(f"{before.url}/swagger-ui", moved.headers["Location"])
        assert b"swagger-ui-bundle.js" in pool.request("GET", page).data
        document = pool.request("GET", f"{before.url}/openapi.json").json()
        (server,) = document["servers"]
        root = urljoin(f"{before.url}/openapi.json", server["url"]).rstrip("/")
        assert pool.request("GET", f"{root}/api/v1/executions").status == 200
        assert pool.request("HEAD", f"{before.url}/readyz").status == 200
        assert before.astray == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("/api/v1/executions?limit=1", b'"executionServiceId"'),
        ("/readyz", b'"parts"'),
        ("/openapi.json", b'"3.1.0"'),
        ("/swagger-ui", b"swagger-ui-bundle.js"),
        ("/", b"blotter/main.js"),
        ("", b"blotter/main.js"),
    ],
)
def test_a_gateway_may_leave_the_prefix_there(live: Live, asked: str, found: bytes) -> None:
    server = Server(
        live.app,
        port=live.around.workspace.reserve_port(),
        name="x",
        threads=1,
        prefix="/fix-engine",
    )
    server.start()
    try:
        for prefix in ("/fix-engine", ""):
            answer = live.pool.request("GET", f"http://127.0.0.1:{server.port}{prefix}{asked}")
            assert (answer.status, found in answer.data) == (200, True)
    finally:
        server.stop(1)


@pytest.mark.parametrize("host", LOOPBACKS)
def test_both_ports_answer_get_and_head_on_ipv6_and_ipv4(live: Live, host: str) -> None:
    for port in (live.port, live.health_port):
        for method in ("GET", "HEAD"):
            client = HTTPConnection(host, port, timeout=60)
            client.request(method, "/healthz")
            answer = client.getresponse()
            assert (answer.status, bool(answer.read())) == (200, method == "GET")
            client.close()


def test_the_document_and_its_page_are_served(live: Live) -> None:
    assert live.get("/openapi.json").json()["openapi"] == "3.1.0"
    assert b"swagger-ui-bundle.js" in live.get("/swagger-ui/").data
    assert len(live.get("/swagger-ui/swagger-ui-bundle.js").data) > 1_000_000


@pytest.mark.parametrize(
    "command",
    [line for line in commands(page("rest")) if "export " not in line and "$GATEWAY/" not in line],
)
def test_the_guides_commands_do_what_it_says(live: Live, command: str) -> None:
    result = subprocess.run(
        ["sh", "-c", command],
        env={"PATH": os.environ["PATH"], "ENGINE": live.url, "OPERATOR_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    if "grep" in command:
        assert 'rel="next"' in result.stdout
    elif "-fsS" in command:
        assert json.loads(result.stdout) is not None
    else:
        assert json.loads(result.stdout)["status"] in {400, 404, 412, 409}


INJECTIONS = (
    "' or 1=1 --",
    "'; drop table execution; --",
    "1; select pg_sleep(9)",
    "%(limit)s",
    "%s",
    "{0.__class__}",
    "$1",
    "\\",
    "%' union select * from fill --",
    "x" * 5_000,
    "\U0001f4a5\u202e\ufffe",
)
FILTERS = (
    "limit",
    "before",
    "isOpen",
    "status",
    "ticker",
    "tradeType",
    "destination",
    "executionServiceId",
    "receivedSince",
    "receivedUntil",
)


def is_harmless(status: int, body: bytes) -> bool:
    return status in {200, 301, 400, 404, 405, 413, 431} and not any(
        word in body for word in (b"Traceback", b"psycopg", b'File "', b"syntax error")
    )


@pytest.mark.parametrize("parameter", FILTERS)
def test_injected_sql_is_a_value_like_any_other(live: Live, parameter: str) -> None:
    for text in INJECTIONS:
        answer = live.get(f"/api/v1/executions?{parameter}={quote(text, safe='')}")
        assert is_harmless(answer.status, answer.data), text
        assert answer.status == 400 or answer.json() == []
    assert live.around.count("execution") == ORDERS


@pytest.mark.parametrize("where", ["/api/v1/execution/", "/swagger-ui/", "/"])
def test_injected_paths_lead_nowhere(live: Live, where: str) -> None:
    for text in (*INJECTIONS, "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "....//", "\0"):
        answer = live.get(f"{where}{quote(text, safe='')}")
        assert is_harmless(answer.status, answer.data), text
        assert answer.status in {400, 404}
        assert b"root:" not in answer.data


def exchange(port: int, request: bytes) -> tuple[int, bytes]:
    """Send bytes as they are; return status and body, (0, b"") for a connection that was closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return (int(head.split()[1]), body) if head else (0, b"")


@pytest.mark.parametrize(
    "target",
    [
        b"/api/v1/execution/%",
        b"/api/v1/execution/%zz",
        b"/api/v1/execution/%00",
        b"/api/v1/execution/%c0%af",
        b"/api/v1/execution/%ff%fe",
        b"/api/v1/executions?ticker=%",
        b"/api/v1/executions?ticker=%ff",
        b"/api/v1/executions?ticker=%ed%a0%80",
        b"/api/v1/executions?%ff=%00",
        b"/api/v1/executions?" + b"&" * 3_000,
        b"/api/v1/executions?" + b"ticker=A&" * 1_000,
        b"/api/v1/executions?ticker=\xff\xfe",
        b"//etc/passwd",
        b"/..%2f..%2f..%2fetc%2fpasswd",
        b"/%2e%2e/%2e%2e/etc/passwd",
        b"http://[x/",
        b"*",
    ],
)
def test_bad_encodings_are_harmless(live: Live, target: bytes) -> None:
    request = b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert is_harmless(*exchange(live.port, request))


@pytest.mark.parametrize(
    "attack",
    [
        b"",
        b"GET /api/v1/executions HTTP/1.1\r\nHost: x\r\n",
        b"POST /api/v1/executions HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\nx",
        b"GET /api/v1/executions?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n" * 50,
    ],
    ids=["silent", "half a head", "half a body", "reads nothing"],
)
def test_a_hundred_bad_clients_hold_up_no_probe(live: Live, attack: bytes) -> None:
    with ExitStack() as clients:
        for _ in range(100):
            bad = socket.socket()
            bad.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            clients.enter_context(bad)
            bad.connect(("127.0.0.1", live.port))
            bad.sendall(attack)
        assert live.probe_seconds() < PROBED_WITHIN
        assert live.get("/api/v1/execution/1").status == 200
    wait_until(live.is_idle, 60, "what the bad clients left behind to be done with")


def test_a_hundred_half_open_connections_to_the_probes_hold_them_up_no_more(live: Live) -> None:
    with ExitStack() as clients:
        for _ in range(100):
            clients.enter_context(socket.create_connection(("127.0.0.1", live.health_port)))
        assert live.probe_seconds() < PROBED_WITHIN


def test_a_slow_query_is_the_documented_503(live: Live) -> None:
    with psycopg.connect(live.around.dsn) as writer:
        writer.execute("lock table execution in access exclusive mode")
        answer = live.get_once("/api/v1/executions")
        writer.rollback()
    assert answer.status == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "ask for less" in answer.json()["detail"]


def test_a_client_made_of_the_document_finds_nothing_wrong(live: Live, tmp_path: Path) -> None:
    """Schemathesis tries what fits the document and what does not, on every route that reads."""
    assert_the_document_holds(live.url, tmp_path, "--include-method=GET")
    assert live.probe_seconds() < PROBED_WITHIN
