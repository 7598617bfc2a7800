"""REST of a gateway: FIX sessions, and what they sent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import pytest
from falcon.inspect import inspect_app
from falcon.testing import TestClient
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has none
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from fixengine.errors import SlowQueryError, UnavailableError
from fixengine.http.app import gateway_app
from fixengine.ports.fix import Sent
from fixengine.ports.fix_queries import SentPage, SentQuery, SessionQuery, ShownSession
from fixengine.telemetry.metrics.http import HttpMetrics
from tests.unit.http.conftest import Probes

SESSIONS = "/api/v1/fix/sessions"
MESSAGES = f"{SESSIONS}/3/messages"
AT = datetime(2026, 7, 28, 12, 0, 0, 250000, tzinfo=UTC)


def session(**changes: Any) -> ShownSession:
    given = ShownSession(
        id=3,
        begin=b"FIX.4.4",
        own=b"FIXENGINE",
        peer=b"OMS1",
        is_held=True,
        owner="gateway-0",
        epoch=2,
        generation=4,
        began_at=AT,
        next_in=7,
        next_out=9,
        seen_at=AT,
        reset_wanted=False,
        reports=5,
        requests=1,
        heard_at=AT,
        missing_before=8,
    )
    return replace(given, **changes)


def report(seq: int, **changes: Any) -> Sent:
    given = Sent(
        seq=seq,
        kind=b"8",
        sent_at=AT,
        body=b"37=11\x0139=2\x0154=1\x019999=a\xff\x1b\x01",
        execution_id=11,
        number=2,
    )
    return replace(given, **changes)


@dataclass
class Source:
    """Sessions in memory; `failure` is raised when it is set."""

    found: list[ShownSession] = field(default_factory=lambda: [session()])
    kept: list[Sent] = field(default_factory=list)
    asked: list[SessionQuery | SentQuery] = field(default_factory=list)
    failure: Exception | None = None

    def sessions(self, query: SessionQuery) -> tuple[ShownSession, ...]:
        self._begin(query)
        above = [each for each in self.found if each.id > query.after]
        return tuple(above[: query.limit])

    def sent(self, query: SentQuery) -> SentPage | None:
        self._begin(query)
        if all(each.id != query.session_id for each in self.found):
            return None
        above = [each for each in self.kept if each.seq > query.after]
        return SentPage(b"FIX.4.4", query.generation or 4, tuple(above[: query.limit]))

    def _begin(self, query: SessionQuery | SentQuery) -> None:
        self.asked.append(query)
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def gateway(source: Source, probes: Probes, registry: CollectorRegistry) -> TestClient:
    metrics = HttpMetrics(registry)
    return TestClient(
        gateway_app(sessions=source, probes=probes, registry=registry, metrics=metrics)
    )


def test_a_session_is_shown_whole(gateway: TestClient) -> None:
    shown = {
        "id": 3,
        "version": "FIX.4.4",
        "ownCompId": "FIXENGINE",
        "peerCompId": "OMS1",
        "state": "ONLINE",
        "owner": "gateway-0",
        "epoch": 2,
        "generation": 4,
        "beganTimestamp": 1785240000.25,
        "nextIn": 7,
        "nextOut": 9,
        "seenTimestamp": 1785240000.25,
        "beginsAnew": False,
        "reportsWaiting": 5,
        "requestsUndecided": 1,
        "heardTimestamp": 1785240000.25,
        "missingBefore": 8,
    }
    assert gateway.simulate_get(f"{SESSIONS}/3").json == shown
    assert gateway.simulate_get(SESSIONS).json == [shown]


def test_what_is_not_known_here_is_left_out(gateway: TestClient, source: Source) -> None:
    source.found = [
        session(is_held=False, owner=None, seen_at=None, heard_at=None, missing_before=None)
    ]
    shown = gateway.simulate_get(f"{SESSIONS}/3").json
    assert shown["state"] == "OFFLINE"
    assert shown.keys().isdisjoint({"owner", "seenTimestamp", "heardTimestamp", "missingBefore"})


def test_a_name_that_is_no_text_is_shown_all_the_same(gateway: TestClient, source: Source) -> None:
    source.found = [session(peer=b"OMS\xff\x07")]
    assert gateway.simulate_get(f"{SESSIONS}/3").json["peerCompId"] == r"OMS\xff\x07"


def test_a_message_is_decoded(gateway: TestClient, source: Source) -> None:
    source.kept = [report(5)]
    (message,) = gateway.simulate_get(MESSAGES).json
    assert message == {
        "generation": 4,
        "number": 5,
        "type": "8",
        "name": "ExecutionReport",
        "sentTimestamp": 1785240000.25,
        "executionId": 11,
        "evaluation": 2,
        "fields": [
            {"tag": 37, "name": "OrderID", "value": "11"},
            {"tag": 39, "name": "OrdStatus", "value": "2", "meaning": "Filled"},
            {"tag": 54, "name": "Side", "value": "1", "meaning": "Buy"},
            {"tag": 9999, "value": r"a\xff\x1b"},
        ],
    }


def test_a_message_that_tells_of_no_evaluation_names_none(
    gateway: TestClient, source: Source
) -> None:
    source.kept = [report(5, execution_id=None, number=None)]
    (message,) = gateway.simulate_get(MESSAGES).json
    assert message.keys().isdisjoint({"executionId", "evaluation"})


def test_no_password_is_shown(gateway: TestClient, source: Source) -> None:
    source.kept = [report(5, kind=b"A", body=b"553=me\x01554=hunter2\x01925=hunter3\x01")]
    assert "hunter" not in gateway.simulate_get(MESSAGES).text


def pages(gateway: TestClient, path: str) -> Iterator[list[Any]]:
    while path:
        answer = gateway.simulate_get(path)
        yield answer.json
        link = answer.headers.get("Link", "")
        path = link and urljoin(path, link[1 : link.index(">")])


def test_pages_of_sessions_lead_to_one_another(gateway: TestClient, source: Source) -> None:
    source.found = [session(id=id_) for id_ in (2, 3, 5)]
    found = [[each["id"] for each in page] for page in pages(gateway, f"{SESSIONS}?limit=2")]
    assert found == [[2, 3], [5]]


def test_pages_of_messages_lead_to_one_another_within_their_generation(
    gateway: TestClient, source: Source
) -> None:
    source.kept = [report(seq) for seq in (2, 3, 5, 8)]
    found = [[each["number"] for each in page] for page in pages(gateway, f"{MESSAGES}?limit=2")]
    assert found == [[2, 3], [5, 8]]
    assert source.asked == [
        SentQuery(session_id=3, limit=3),
        SentQuery(session_id=3, limit=3, after=3, generation=4),
    ]


def test_a_clients_sessions_are_asked_for_by_its_name(gateway: TestClient, source: Source) -> None:
    gateway.simulate_get(f"{SESSIONS}?peerCompId=OMS%2B1")
    assert source.asked == [SessionQuery(limit=101, peer=b"OMS+1")]


@pytest.mark.parametrize("path", [f"{SESSIONS}/4", f"{SESSIONS}/4/messages", f"{SESSIONS}/2"])
def test_a_session_that_there_is_not_is_a_404(gateway: TestClient, path: str) -> None:
    answer = gateway.simulate_get(path)
    assert answer.status_code == 404
    assert "there is no FIX session with id" in answer.json["detail"]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        (f"{SESSIONS}/x", "session"),
        (f"{SESSIONS}/0/messages", "session"),
        (f"{SESSIONS}/3?limit=1", "limit"),
        (f"{SESSIONS}?limit=1001", "limit"),
        (f"{SESSIONS}?peerCompId=", "peerCompId"),
        (f"{MESSAGES}?generation=0", "generation"),
        (f"{MESSAGES}?before=1", "before"),
    ],
)
def test_what_can_not_be_used_is_a_400_that_names_it(
    gateway: TestClient, path: str, parameter: str
) -> None:
    answer = gateway.simulate_get(path)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json["parameter"]) == (400, parameter)


@pytest.mark.parametrize("failure", [UnavailableError("10.0.0.7"), SlowQueryError("long")])
@pytest.mark.parametrize("path", [SESSIONS, f"{SESSIONS}/3", MESSAGES])
def test_a_database_that_does_not_answer_in_time_is_a_503(
    gateway: TestClient, source: Source, path: str, failure: Exception
) -> None:
    source.failure = failure
    answer = gateway.simulate_get(path)
    assert answer.status_code == 503
    assert "10.0.0.7" not in answer.text


@pytest.mark.parametrize("path", [SESSIONS, f"{SESSIONS}/3", MESSAGES, f"{SESSIONS}/4"])
def test_head_answers_as_get_without_a_body(gateway: TestClient, path: str) -> None:
    got, asked = gateway.simulate_get(path), gateway.simulate_head(path)
    assert (asked.status_code, asked.headers, asked.content) == (got.status_code, got.headers, b"")


@pytest.mark.parametrize("path", [SESSIONS, f"{SESSIONS}/3", MESSAGES])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nobody_changes_anything(gateway: TestClient, path: str, method: str) -> None:
    answer = gateway.simulate_request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_the_document_describes_every_route_and_what_comes(
    gateway: TestClient, source: Source
) -> None:
    document = gateway.simulate_get("/openapi.json").json
    routes = {route.path for route in inspect_app(gateway.app).routes}
    assert set(document["paths"]) == routes - {"/openapi.json", "/swagger-ui", "/swagger-ui/{name}"}
    (in_path,) = document["paths"][f"{SESSIONS}/{{session}}"]["get"]["parameters"]
    assert (in_path["name"], in_path["in"]) == ("session", "path")
    source.kept = [report(5), report(6, execution_id=None, number=None)]
    for path, route in ((SESSIONS, SESSIONS), (MESSAGES, f"{SESSIONS}/{{session}}/messages")):
        answers = document["paths"][route]["get"]["responses"]
        schema = answers["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        Draft202012Validator(whole).validate(gateway.simulate_get(path).json)


def test_requests_are_counted_by_route(gateway: TestClient, registry: CollectorRegistry) -> None:
    gateway.simulate_get(f"{SESSIONS}/3")
    gateway.simulate_get(f"{SESSIONS}/4")
    labels = {"method": "GET", "path": f"{SESSIONS}/{{session}}"}
    for status in ("200", "404"):
        counted = registry.get_sample_value("http_requests_total", {**labels, "status": status})
        assert counted == 1
