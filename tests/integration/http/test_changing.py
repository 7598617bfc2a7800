"""Cancel and replace by REST of live engines: on open executions, and under attack."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import urllib3

from fixengine.demo.feed.feed import orders
from fixengine.demo.waiting import wait_until
from fixengine.engine.engine import Engine
from tests.integration.http.test_rest import INJECTIONS, exchange, is_harmless
from tests.support.document_client import assert_the_document_holds
from tests.support.engines import Surroundings, wait_until_ready
from tests.support.network.gateway import gateway

pytestmark = pytest.mark.any_broker

TOKEN = "a-token-for-operators"
LATE = "600"
"""Seconds until anything is filled: executions stay open."""


class Live:
    """Two engines on one database, and executions that nobody fills; each test takes its own."""

    def __init__(self, around: Surroundings, one: Engine, other: Engine) -> None:
        self.around = around
        self.port = one._rest.port
        self.url = f"http://127.0.0.1:{self.port}"
        self.other = f"http://127.0.0.1:{other._rest.port}"
        self._pool = urllib3.PoolManager(retries=False, timeout=60)
        with psycopg.connect(around.dsn) as connection:
            rows = connection.execute(
                "select id from execution where version = 1 and quantity_ordered > 1 order by id"
            ).fetchall()
        self._ids = iter([row[0] for row in rows])

    def execution(self) -> str:
        """Return the path of an execution that no other test has."""
        return f"/api/v1/execution/{next(self._ids)}"

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        answer = self._pool.request("GET", f"{self.url}{path}")
        assert answer.status == 200, answer.data
        return answer

    def post(
        self, path: str, terms: dict[str, Any] | None = None, *, url: str = "", **headers: str
    ) -> urllib3.BaseHTTPResponse:
        """Ask as an operator; `headers` are written with underscores."""
        sent = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **headers}
        return self._pool.request(
            "POST",
            f"{url or self.url}{path}",
            body=None if terms is None else json.dumps(terms),
            headers={name.replace("_", "-"): text for name, text in sent.items()},
        )


@pytest.fixture(scope="module")
def live(shared: Surroundings) -> Iterator[Live]:
    operated = partial(shared.engine, OPERATOR_TOKEN=TOKEN, FILL_DELAY_FIRST=LATE)
    with operated("one") as one, operated("two") as other:
        fed = tuple(islice(orders(seed=23), 100))
        shared.send(*fed)
        good = {o.expected.execution_service_id for o in fed if o.expected}
        shared.wait_for("execution", len(good))
        for engine in (one, other):
            wait_until_ready(engine)
        yield Live(shared, one, other)


@pytest.mark.parametrize(
    "column", ["quantity_ordered", "limit_price", "quantity_filled", "total_amount"]
)
def test_a_row_of_nan_is_there_for_a_get_and_refused_with_its_reason(
    live: Live, column: str
) -> None:
    path = live.execution()
    with psycopg.connect(live.around.dsn) as connection:
        id_ = int(path.rpartition("/")[2])
        connection.execute(f"update execution set {column} = 'NaN' where id = %s".encode(), [id_])
    refused = live.post(f"{path}/cancel")
    assert refused.status == 409, refused.data
    assert "another program left NaN" in refused.json()["detail"]
    assert refused.json()["execution"] == live.get(path).json()
    assert live.post(f"{path}/replace", {"quantity": 1}).status == 409
    with psycopg.connect(live.around.dsn) as connection:
        connection.execute(f"update execution set {column} = 1 where id = %s".encode(), [id_])
    assert live.post(f"{path}/cancel").status == 200


def test_a_cancel_is_what_everybody_reads_from_then_on(live: Live) -> None:
    path = live.execution()
    done = live.post(f"{path}/cancel")
    assert done.status == 200, done.data
    after = done.json()
    assert (after["executionStatus"], after["isOpen"], after["version"]) == ("CNCLD", False, 2)
    read = live.get(path)
    assert (read.data, read.headers["ETag"]) == (done.data, done.headers["ETag"]) != (b"", '"1"')
    (row,) = live.get(f"{path}/fills").json()
    assert (row["number"], row["quantity"], row["change"]) == (1, 0, "CANCEL")
    cancelled = live.get("/api/v1/executions?status=CNCLD&limit=1000").json()
    assert after in cancelled
    wait_until(
        lambda: live.get("/api/v1/summary").json()["countByStatus"].get("CNCLD", 0) > 0,
        60,
        "the summary to count it",
    )
    late = live.post(f"{path}/cancel")
    assert (late.status, late.json()["execution"]) == (409, after)


def test_a_replace_sets_what_it_names_and_the_ledger_says_so(live: Live) -> None:
    path = live.execution()
    before = live.get(path).json()
    done = live.post(f"{path}/replace", {"quantity": before["quantity"] + 0.5})
    assert done.status == 200, done.data
    assert done.json()["quantity"] == before["quantity"] + 0.5
    assert done.json().get("limitPrice") == before.get("limitPrice")
    limited = live.post(f"{path}/replace", {"limitPrice": 44.1}).json()
    assert (limited["quantity"], limited["limitPrice"]) == (before["quantity"] + 0.5, 44.1)
    assert "limitPrice" not in live.post(f"{path}/replace", {"limitPrice": None}).json()
    assert [
        (row["change"], row["quantityOrdered"], row.get("limitPrice"))
        for row in live.get(f"{path}/fills").json()
    ] == [
        ("REPLACE", before["quantity"] + 0.5, before.get("limitPrice")),
        ("REPLACE", before["quantity"] + 0.5, 44.1),
        ("REPLACE", before["quantity"] + 0.5, None),
    ]


def test_a_version_that_has_moved_on_changes_nothing(live: Live) -> None:
    path = live.execution()
    tag = live.get(path).headers["ETag"]
    first = live.post(f"{path}/replace", {"limitPrice": 3}, If_Match=tag)
    assert (first.status, first.headers["ETag"]) == (200, '"2"')
    second = live.post(f"{path}/cancel", If_Match=tag)
    assert (second.status, second.json()["execution"]) == (412, first.json())
    assert live.get(path).data == first.data
    assert live.post(f"{path}/cancel", If_Match='"2"').status == 200


def test_the_same_request_again_gets_the_same_answer_from_any_engine(live: Live) -> None:
    path = live.execution()
    first = live.post(f"{path}/replace", {"limitPrice": 3}, Idempotency_Key="three")
    assert live.post(f"{path}/cancel", Idempotency_Key="end").status == 200
    for url in (live.url, live.other):
        again = live.post(f"{path}/replace", {"limitPrice": 3}, url=url, Idempotency_Key="three")
        assert (again.status, again.data, again.headers["ETag"]) == (200, first.data, '"2"')
        other = live.post(f"{path}/replace", {"limitPrice": 4}, url=url, Idempotency_Key="three")
        assert other.status == 422
    assert live.get(path).json()["version"] == 3


def test_one_of_many_cancels_at_the_same_time_is_done(live: Live) -> None:
    path = live.execution()

    def ask(number: int) -> int:
        url = (live.url, live.other)[number % 2]
        status = 503
        while status == 503:  # until it is known, as a client does on a busy machine
            status = live.post(f"{path}/cancel", url=url, Idempotency_Key=f"by-{number}").status
        return status

    with ThreadPoolExecutor(8) as threads:
        answers = sorted(threads.map(ask, range(20)))
    assert answers == [200, *[409] * 19]
    assert live.get(path).json()["version"] == 2


def test_what_the_database_holds_up_is_a_503_and_is_done_once_when_it_is_asked_again(
    live: Live,
) -> None:
    path = live.execution()
    with psycopg.connect(live.around.dsn) as holder:
        holder.execute("lock table execution in exclusive mode")
        answer = live.post(f"{path}/cancel", Idempotency_Key="held")
        holder.rollback()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert "ask again with the same Idempotency-Key" in answer.json()["detail"]
    done = live.post(f"{path}/cancel", Idempotency_Key="held")
    assert (done.status, done.json()["version"]) == (200, 2)


def test_what_the_database_refuses_is_told_with_its_reason(live: Live) -> None:
    path = live.execution()
    with psycopg.connect(live.around.dsn, autocommit=True) as connection:
        id_ = path.rpartition("/")[2]
        rule = f"alter table change add constraint no_more check (execution_id <> {id_}) not valid"
        connection.execute(rule.encode())
        refused = live.post(f"{path}/cancel")
        connection.execute("alter table change drop constraint no_more")
    assert refused.status == 409, refused.data
    assert "no_more" in refused.json()["detail"]
    assert live.get(path).json()["version"] == 1
    assert live.post(f"{path}/cancel").status == 200


def test_an_execution_that_another_session_holds_takes_no_room_from_others(live: Live) -> None:
    held, free = live.execution(), live.execution()
    held_id = int(held.rpartition("/")[2])
    with psycopg.connect(live.around.dsn) as holder, ThreadPoolExecutor(12) as threads:
        holder.execute("select from execution where id = %s for update", [held_id])
        asked = [threads.submit(live.post, f"{held}/cancel") for _ in range(12)]
        wait_until(lambda: any(each.done() for each in asked), 60, "there to be too many")
        done = live.post(f"{free}/cancel")
        holder.rollback()
        assert done.status == 200, done.data
        assert {each.result().status for each in asked} <= {200, 409, 503}


def test_a_gateway_that_takes_a_prefix_away_passes_changes_on(live: Live) -> None:
    path = live.execution()
    with gateway(live.port) as before:
        done = live.post(f"{path}/replace", {"limitPrice": 7}, url=before.url, If_Match='"1"')
        assert (done.status, done.headers["ETag"], before.astray) == (200, '"2"', [])


def raw(path: str, *headers: str, body: bytes = b"", length: bool = True) -> bytes:
    """Return a request as an operator sends it, with these headers besides."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: x",
        "Connection: close",
        f"Authorization: Bearer {TOKEN}",
        *([f"Content-Length: {len(body)}"] if length else []),
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


JSON = "Content-Type: application/json"
LIMIT = b'{"limitPrice":9}'


@pytest.mark.parametrize(
    ("headers", "body", "length", "status"),
    [
        ((), LIMIT, True, 415),
        (("Content-Type: text/json",), LIMIT, True, 415),
        ((JSON, "Content-Encoding: gzip"), LIMIT, True, 415),
        ((JSON, "Content-Length: 20000"), b"", False, 413),
        ((JSON, "Content-Length: 999999999"), b"", False, 413),
        ((JSON, "Transfer-Encoding: chunked"), b"5000\r\n" + b"x" * 0x5000, False, 413),
        ((JSON, "Content-Length: x"), LIMIT, False, 400),
        ((JSON, "Content-Length: -5"), LIMIT, False, 400),
        ((JSON, "Transfer-Encoding: gzip"), LIMIT, False, 400),
        ((JSON, "If-Match: five"), LIMIT, True, 400),
        ((JSON, 'If-Match: "1"', 'If-Match: "2"'), LIMIT, True, 400),
        ((JSON, "Idempotency-Key: a", "Idempotency-Key: b"), LIMIT, True, 400),
        ((JSON, "Idempotency-Key: \xe9"), LIMIT, True, 400),
        ((JSON, "Idempotency-Key: " + "x" * 300), LIMIT, True, 400),
        ((JSON, f"Authorization: Bearer {TOKEN}"), LIMIT, True, 401),
        ((JSON,), b'{"limitPrice":' + b"[" * 8_000 + b"]" * 8_000 + b"}", True, 400),
        ((JSON,), b"\xff\xfe{\x00}\x00", True, 400),
        ((JSON,), b"\x00" * 100, True, 400),
        ((JSON,), b'{"limitPrice":' + b"9" * 16_000 + b"}", True, 400),
        ((JSON,), b'{"limitPrice":1e-999999999}', True, 200),
        ((JSON, "Transfer-Encoding: chunked"), b"10\r\n" + LIMIT + b"\r\n0\r\n\r\n", False, 200),
    ],
)
def test_a_request_that_is_none_is_refused_and_a_strange_one_is_understood(
    live: Live, headers: tuple[str, ...], body: bytes, length: bool, status: int
) -> None:
    path = live.execution() if status == 200 else "/api/v1/execution/2147483647"
    found, said = exchange(live.port, raw(f"{path}/replace", *headers, body=body, length=length))
    assert found == status, said
    assert not any(word in said for word in (b"Traceback", b"psycopg", TOKEN.encode()))


def test_half_a_request_changes_nothing(live: Live) -> None:
    path = live.execution()
    for request in (
        raw(f"{path}/cancel", length=False)[:-2],
        raw(f"{path}/replace", JSON, "Content-Length: 900", body=LIMIT, length=False),
        raw(f"{path}/replace", JSON, "Transfer-Encoding: chunked", body=b"f\r\n{", length=False),
    ):
        found, _ = exchange(live.port, request)
        assert found in {0, 400}
    assert live.get(path).json()["version"] == 1


@pytest.mark.parametrize("text", [*INJECTIONS, "../1", "1/../2", "1;x=2", "%", "\0"])
def test_injected_ids_and_keys_change_nothing(live: Live, text: str) -> None:
    answer = live.post(f"/api/v1/execution/{quote(text, safe='')}/cancel")
    assert is_harmless(answer.status, answer.data)
    assert answer.status in {400, 404}
    key = quote(text, safe="'();=$*%\\{}")
    answer = live.post("/api/v1/execution/2147483647/cancel", Idempotency_Key=key)
    assert answer.status == (404 if len(key) <= 255 else 400)


def test_who_guesses_tokens_is_not_heard_while_all_others_are(live: Live) -> None:
    path = live.execution()
    guesser = urllib3.PoolManager(retries=False, timeout=60, source_address=("127.0.0.9", 0))

    def guess(token: str) -> urllib3.BaseHTTPResponse:
        headers = {"Authorization": f"Bearer {token}"}
        return guesser.request("POST", f"{live.url}{path}/cancel", headers=headers)

    answers = [guess(f"guess-{number}").status for number in range(20)]
    assert answers == [401] * 10 + [429] * 10
    assert guess(TOKEN).headers["Retry-After"] == "10"
    assert guesser.request("GET", f"{live.url}{path}").json()["version"] == 1
    assert live.post(f"{path}/cancel").status == 200


@pytest.mark.parametrize("name", ["Origin", "Referer"])
def test_a_page_of_another_origin_gets_no_leave(live: Live, name: str) -> None:
    path = live.execution()
    asked = {name: "http://elsewhere", "Access-Control-Request-Method": "POST"}
    pool = urllib3.PoolManager(retries=False, timeout=60)
    for method in ("OPTIONS", "POST"):  # a page can send the latter unasked, with no token
        answer = pool.request(method, f"{live.url}{path}/cancel", headers=asked)
        assert answer.status == (200 if method == "OPTIONS" else 401)
        assert not [each for each in answer.headers if each.lower().startswith("access-control")]
    assert live.get(path).json()["version"] == 1


def test_a_client_made_of_the_document_that_has_the_token_finds_nothing_wrong(
    live: Live, tmp_path: Path
) -> None:
    """Schemathesis tries what fits the document and what does not; tokens of its own are wrong."""
    assert_the_document_holds(
        live.url,
        tmp_path,
        f"--header=Authorization: Bearer {TOKEN}",
        "--include-method=POST",
        more=MORE_EXPECTED,
    )


MORE_EXPECTED = """
# versions and keys that fit the document may be those of before, or of another request
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 404, 409, 412, 422, 429, 503]

# JSON Schema can't say without rounding how many decimal places a number may have
[[operations]]
include-path = "/api/v1/execution/{id}/replace"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 404, 409, 412, 422, 429, 503]
"""
