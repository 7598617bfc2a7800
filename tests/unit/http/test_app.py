"""What all answers have in common: errors, cross-origin headers, probes, metrics."""

from collections.abc import Iterator

import pytest
from falcon.inspect import inspect_routes
from falcon.testing import Result, TestClient
from prometheus_client import CollectorRegistry, Counter

from fixengine.config import load
from fixengine.errors import ConfigError, UnavailableError
from fixengine.recurring import end_counts
from tests.support.executions import execution
from tests.support.log import heard
from tests.unit.http.conftest import Probes, Reader

COLLECTION = "/api/v1/executions"
ITEM = "/api/v1/execution/5"


@pytest.fixture
def errors() -> Iterator[list[str]]:
    with heard("ERROR", str) as logged:
        yield logged


def is_problem(result: Result, status: int, title: str) -> bool:
    return (
        result.status_code == status
        and result.headers["Content-Type"] == "application/problem+json"
        and result.json.keys() >= {"type", "title", "status", "detail"}
        and result.json["status"] == status
        and result.json["title"] == title
    )


@pytest.mark.parametrize("path", [COLLECTION, ITEM])
def test_a_database_that_is_away_is_a_503_that_says_when_to_try_again(
    client: TestClient, reader: Reader, path: str
) -> None:
    reader.failure = UnavailableError("no route to 10.0.0.7")
    result = client.simulate_get(path)
    assert is_problem(result, 503, "Service Unavailable")
    assert result.headers["Retry-After"] == "2"
    assert "10.0.0.7" not in result.text


def test_a_bug_is_a_500_without_a_trace_and_logged_once_with_one(
    client: TestClient, reader: Reader, errors: list[str]
) -> None:
    reader.failure = ZeroDivisionError("hunter2")
    result = client.simulate_get(ITEM)
    assert is_problem(result, 500, "Internal Server Error")
    assert "hunter2" not in result.text
    assert "Traceback" not in result.text
    (line,) = errors
    assert "request failed" in line
    assert "ZeroDivisionError: hunter2" in line


def test_a_bug_that_clients_meet_at_will_is_logged_once_and_counted(
    client: TestClient, reader: Reader, errors: list[str]
) -> None:
    reader.failure = ZeroDivisionError("hunter2")
    for _ in range(100):
        client.simulate_get(ITEM)
    end_counts()
    assert len(errors) == 2


@pytest.mark.parametrize("path", ["/orders", "/api", f"{COLLECTION}/", f"{ITEM}/orders"])
def test_an_unknown_path_is_a_404(client: TestClient, path: str) -> None:
    assert is_problem(client.simulate_get(path), 404, "Not Found")


def test_no_prefix_hides_a_path(client: TestClient) -> None:
    paths = {route.path for route in inspect_routes(client.app)} - {"/"}
    assert len(paths) > 10
    for path in paths:
        with pytest.raises(ConfigError, match="REST has paths of its own there"):
            load({"HTTP_PREFIX": f"/{path.split('/')[1]}"})


@pytest.mark.parametrize("path", [COLLECTION, ITEM, "/healthz", "/metrics"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_another_method_is_a_405_that_names_those_allowed(
    client: TestClient, path: str, method: str
) -> None:
    result = client.simulate_request(method, path)
    assert is_problem(result, 405, "Method Not Allowed")
    assert result.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "path",
    [
        f"{COLLECTION}?limit=1",
        f"{COLLECTION}?limit=0",
        ITEM,
        f"{ITEM}/fills",
        "/api/v1/execution/7",
        "/api/v1/summary",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/swagger-ui",
        "/swagger-ui/",
        "/",
        "/blotter/main.js",
        "/nothing",
    ],
)
def test_head_answers_as_get_without_a_body(client: TestClient, reader: Reader, path: str) -> None:
    reader.executions = [execution(id=5), execution(id=6)]
    got, asked = client.simulate_get(path), client.simulate_head(path)
    assert asked.status_code == got.status_code
    assert asked.headers == got.headers
    assert asked.content == b""


@pytest.mark.parametrize("ready", [True, False])
def test_a_probe_may_ask_by_head(probe_client: TestClient, probes: Probes, ready: bool) -> None:
    probes.is_ready = ready
    assert probe_client.simulate_head("/readyz").status_code == (200 if ready else 503)


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_a_method_nobody_knows_is_a_400(client: TestClient) -> None:
    assert is_problem(client.simulate_request("FETCH", ITEM), 400, "Bad Request")


@pytest.mark.parametrize("path", [COLLECTION, ITEM, "/nothing", "/healthz", f"{COLLECTION}?x=1"])
def test_every_answer_may_be_read_by_any_page(client: TestClient, path: str) -> None:
    for method in ("GET", "OPTIONS", "POST"):
        result = client.simulate_request(method, path)
        assert result.headers["Access-Control-Allow-Origin"] == "*"
        assert result.headers["Access-Control-Expose-Headers"] == "ETag, Link, Retry-After"


def test_a_preflight_is_told_what_it_may_do(client: TestClient) -> None:
    result = client.simulate_options(
        ITEM, headers={"Origin": "http://desk", "Access-Control-Request-Method": "GET"}
    )
    assert result.status_code == 200
    assert result.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert result.headers["Access-Control-Allow-Headers"] == "*"


@pytest.mark.parametrize("which", ["client", "probe_client"])
def test_probes_answer_200_or_503_with_the_reasons(
    which: str, probes: Probes, request: pytest.FixtureRequest
) -> None:
    asked: TestClient = request.getfixturevalue(which)
    assert asked.simulate_get("/healthz").json == {"alive": True}
    assert asked.simulate_get("/readyz").status_code == 200
    probes.alive = probes.is_ready = False
    for path in ("/healthz", "/readyz"):
        result = asked.simulate_get(path)
        assert result.status_code == 503
        assert result.headers["Content-Type"] == "application/json"
        assert result.headers["Cache-Control"] == "no-store"
    assert asked.simulate_get("/readyz").json == {"ready": False, "parts": {}}


def test_the_probes_have_no_rest_beside_them(probe_client: TestClient) -> None:
    assert probe_client.simulate_get(COLLECTION).status_code == 404


@pytest.mark.parametrize("which", ["client", "probe_client"])
def test_metrics_come_as_prometheus_reads_them(
    which: str, registry: CollectorRegistry, request: pytest.FixtureRequest
) -> None:
    Counter("seen_total", "Things seen", registry=registry).inc(3)
    asked: TestClient = request.getfixturevalue(which)
    plain = asked.simulate_get("/metrics")
    assert plain.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "\nseen_total 3.0\n" in plain.text
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    openmetrics = asked.simulate_get("/metrics", headers=accept)
    assert openmetrics.headers["Content-Type"].startswith("application/openmetrics-text")
    assert openmetrics.text.endswith("# EOF\n")


def counted(registry: CollectorRegistry) -> dict[tuple[str, str, str], float]:
    (family,) = (each for each in registry.collect() if each.name == "http_requests")
    return {
        (sample.labels["method"], sample.labels["path"], sample.labels["status"]): sample.value
        for sample in family.samples
        if sample.name == "http_requests_total"
    }


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_requests_are_counted_by_method_route_and_status(
    client: TestClient, reader: Reader, registry: CollectorRegistry
) -> None:
    reader.executions = [execution(id=5)]
    for path in (COLLECTION, ITEM, ITEM, "/api/v1/execution/6", "/nothing/1", "/nothing/2"):
        client.simulate_get(path)
    client.simulate_request("FETCH", ITEM)
    client.simulate_request("PROPFIND", ITEM)
    client.simulate_post(ITEM)
    reader.failure = ZeroDivisionError()
    client.simulate_get(COLLECTION)
    route = "/api/v1/execution/{id}"
    assert counted(registry) == {
        ("GET", COLLECTION, "200"): 1,
        ("GET", COLLECTION, "500"): 1,
        ("GET", route, "200"): 2,
        ("GET", route, "404"): 1,
        ("GET", "unmatched", "404"): 2,
        ("POST", route, "405"): 1,
        ("other", route, "400"): 1,
        ("other", route, "405"): 1,
    }


def test_probes_and_metrics_are_not_counted(
    client: TestClient, registry: CollectorRegistry
) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        client.simulate_get(path)
        client.simulate_post(path)
    assert counted(registry) == {}
    assert registry.get_sample_value("http_request_duration_count") == 0


def test_durations_are_in_milliseconds_and_nothing_stays_in_flight(
    client: TestClient, reader: Reader, registry: CollectorRegistry
) -> None:
    client.simulate_get(COLLECTION)
    reader.failure = ZeroDivisionError()
    client.simulate_get(COLLECTION)
    assert registry.get_sample_value("http_request_duration_count") == 2
    assert (registry.get_sample_value("http_request_duration_sum") or 0) > 0.02
    assert registry.get_sample_value("http_requests_in_flight") == 0


@pytest.mark.usefixtures("client")
def test_durations_have_the_suites_buckets_and_no_labels(registry: CollectorRegistry) -> None:
    (family,) = (each for each in registry.collect() if each.name == "http_request_duration")
    buckets = [sample.labels for sample in family.samples if sample.name.endswith("_bucket")]
    bounds = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, float("inf"))
    assert [labels.keys() for labels in buckets] == [{"le"}] * len(bounds)
    assert tuple(float(labels["le"]) for labels in buckets) == bounds


def test_a_request_is_in_flight_while_it_is_answered(
    client: TestClient, reader: Reader, registry: CollectorRegistry
) -> None:
    seen: list[float | None] = []
    reader.on_asked = lambda: seen.append(registry.get_sample_value("http_requests_in_flight"))
    client.simulate_get(COLLECTION)
    assert seen == [1]
