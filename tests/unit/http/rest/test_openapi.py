"""The OpenAPI document, and the page that shows it."""

import json
import sys
from decimal import Decimal
from typing import Any

import pytest
from falcon.inspect import inspect_app
from falcon.testing import TestClient
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has none

from fixengine.http.app import App
from fixengine.rules.changes import ChangeDecision, Refusal
from fixengine.rules.values import ChangeKind, Terms
from fixengine.wire.executions import Execution
from tests.support.executions import execution
from tests.unit.http.conftest import TOKEN, Desk, Reader
from tests.unit.http.rest.test_fills import entry


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    result = client.simulate_get("/openapi.json")
    assert (result.status_code, result.headers["Content-Type"]) == (200, "application/json")
    found: dict[str, Any] = result.json
    return found


def valid(document: dict[str, Any], name: str, instance: object) -> bool:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return bool(Draft202012Validator(schema).is_valid(instance))


def test_it_describes_every_route_but_itself_and_its_page(
    rest: App, document: dict[str, Any]
) -> None:
    routes = {route.path for route in inspect_app(rest).routes}
    undescribed = {"/openapi.json", "/swagger-ui", "/swagger-ui/{name}", "/", "/blotter/{name}"}
    assert set(document["paths"]) == routes - undescribed


def test_it_says_which_version_it_is_of(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"


def test_what_it_describes_is_beside_it_also_behind_a_gateway(document: dict[str, Any]) -> None:
    assert document["servers"] == [{"url": "."}]


def test_parameters_have_the_bounds_that_are_kept(document: dict[str, Any]) -> None:
    parameters = {
        each["name"]: each for each in document["paths"]["/api/v1/executions"]["get"]["parameters"]
    }
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 1000}
    assert parameters["isOpen"]["schema"] == {"type": "boolean"}
    assert not any(each["required"] for each in parameters.values())
    (in_path,) = document["paths"]["/api/v1/execution/{id}"]["get"]["parameters"]
    assert (in_path["name"], in_path["in"], in_path["required"]) == ("id", "path", True)


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/api/v1/executions", {"200", "400", "503"}),
        ("/api/v1/execution/{id}", {"200", "400", "404", "503"}),
        ("/api/v1/execution/{id}/fills", {"200", "400", "404", "503"}),
        ("/api/v1/summary", {"200", "503"}),
        ("/readyz", {"200", "503"}),
    ],
)
def test_it_says_what_may_come(document: dict[str, Any], path: str, statuses: set[str]) -> None:
    assert set(document["paths"][path]["get"]["responses"]) == statuses


WRITES = ("/api/v1/execution/{id}/cancel", "/api/v1/execution/{id}/replace")


@pytest.mark.parametrize("path", WRITES)
def test_a_write_says_who_may_and_all_that_may_come(document: dict[str, Any], path: str) -> None:
    (method,) = document["paths"][path]
    assert method == "post"
    write = document["paths"][path]["post"]
    (scheme,) = (name for each in write["security"] for name in each)
    assert document["components"]["securitySchemes"][scheme]["scheme"] == "bearer"
    answers = write["responses"]
    assert answers.keys() == {
        *("200", "400", "401", "403", "404", "409", "412", "413", "415", "422", "429", "503")
    }
    assert answers["200"]["headers"].keys() == {"ETag"}
    assert answers["401"]["headers"].keys() == {"WWW-Authenticate"}
    assert answers["429"]["headers"].keys() == answers["503"]["headers"].keys() == {"Retry-After"}
    assert [(each["name"], each["in"], each["required"]) for each in write["parameters"]] == [
        ("id", "path", True),
        ("Idempotency-Key", "header", False),
        ("If-Match", "header", False),
    ]


def test_reads_ask_for_no_token(document: dict[str, Any]) -> None:
    reads = [each["get"] for path, each in document["paths"].items() if path not in WRITES]
    assert len(reads) > 5
    assert not any("security" in each or "requestBody" in each for each in reads)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("cancel", "{}", 200),
        ("cancel", '{"quantity":1}', 400),
        ("replace", "{}", 400),
        ("replace", "[]", 400),
        ("replace", '{"quantity":1}', 200),
        ("replace", '{"quantity":0}', 400),
        ("replace", '{"quantity":null}', 400),
        ("replace", '{"quantity":10000000000}', 400),
        ("replace", '{"quantity":9999999999.5}', 200),
        ("replace", '{"limitPrice":null}', 200),
        ("replace", '{"limitPrice":0}', 200),
        ("replace", '{"limitPrice":-1}', 400),
        ("replace", '{"limitPrice":"1"}', 400),
        ("replace", '{"quantity":1,"price":1}', 400),
    ],
)
def test_a_body_is_taken_if_it_is_as_described(
    client: TestClient, document: dict[str, Any], path: str, body: str, status: int
) -> None:
    write = document["paths"][f"/api/v1/execution/{{id}}/{path}"]["post"]["requestBody"]
    assert write["required"] is (path == "replace")
    (schema,) = (each["schema"] for each in write["content"].values())
    assert Draft202012Validator(schema).is_valid(json.loads(body)) is (status == 200)
    result = client.simulate_post(
        f"/api/v1/execution/5/{path}",
        body=body,
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": next(iter(write["content"]))},
    )
    assert result.status_code == status


@pytest.mark.parametrize(
    ("name", "text", "status"),
    [
        ("Idempotency-Key", "x" * 255, 200),
        ("Idempotency-Key", "x" * 256, 400),
        ("Idempotency-Key", "x y", 400),
        ("If-Match", '"12"', 200),
        ("If-Match", "*", 200),
        ("If-Match", "12", 200),
        ("If-Match", 'W/"12"', 400),
    ],
)
def test_a_header_is_taken_if_it_is_as_described(
    client: TestClient, document: dict[str, Any], name: str, text: str, status: int
) -> None:
    for path in WRITES:
        described = {
            each["name"]: each["schema"] for each in document["paths"][path]["post"]["parameters"]
        }
        assert Draft202012Validator(described[name]).is_valid(text) is (status == 200)
    headers = {"Authorization": f"Bearer {TOKEN}", name: text}
    result = client.simulate_post("/api/v1/execution/5/cancel", headers=headers)
    assert result.status_code == status


def test_answers_are_as_described(
    client: TestClient, reader: Reader, desk: Desk, document: dict[str, Any]
) -> None:
    reader.executions = [execution(id=5, limit_price=None), execution(id=6)]
    terms = Terms(Decimal(200), Decimal("44.1"))
    reader.ledger = [
        entry(),
        entry(number=2, price=None, filled_at=None),
        entry(number=3, price=None, change=ChangeKind.REPLACE, terms=terms),
    ]
    for answer in client.simulate_get("/api/v1/executions").json:
        assert valid(document, "Execution", answer)
        assert not valid(document, "Execution", {**answer, "quantity": "134"})
        assert not valid(document, "Execution", {**answer, "limitPrice": None})
    for answer in client.simulate_get("/api/v1/execution/5/fills").json:
        assert valid(document, "Fill", answer)
    desk.decision = ChangeDecision(execution=execution(), refusal=Refusal.CLOSED)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    refused = client.simulate_post("/api/v1/execution/5/cancel", headers=headers).json
    assert valid(document, "Problem", refused)
    assert not valid(document, "Problem", {**refused, "execution": {}})
    assert valid(document, "Summary", client.simulate_get("/api/v1/summary").json)
    assert valid(document, "Problem", client.simulate_get("/api/v1/execution/0").json)


def test_every_field_of_an_execution_is_described(document: dict[str, Any]) -> None:
    described = document["components"]["schemas"]["Execution"]["properties"]
    assert (*described,) == Execution.__struct_encode_fields__


def test_the_page_shows_it_with_nothing_from_elsewhere(client: TestClient) -> None:
    moved = client.simulate_get("/swagger-ui")
    assert (moved.status_code, moved.headers["Location"]) == (301, "swagger-ui/")
    page = client.simulate_get("/swagger-ui/")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "//" not in page.text
    for name, kind, size in (
        ("swagger-ui.css", "text/css", 100_000),
        ("swagger-ui-bundle.js", "text/javascript", 1_000_000),
        ("start.js", "text/javascript", 100),
    ):
        assert name in page.text
        result = client.simulate_get(f"/swagger-ui/{name}")
        assert result.headers["Content-Type"].startswith(kind)
        assert int(result.headers["Content-Length"]) == len(result.content) > size
    assert "../openapi.json" in client.simulate_get("/swagger-ui/start.js").text


@pytest.mark.parametrize(
    "name",
    [
        "swagger_page.py",
        "..",
        "..%2fswagger_page.py",
        "%2e%2e/swagger_page.py",
        "%2fetc%2fpasswd",
        "a%00",
    ],
)
def test_only_its_own_files_are_served(client: TestClient, name: str) -> None:
    assert client.simulate_get(f"/swagger-ui/{name}").status_code == 404


def test_the_framework_that_its_files_come_with_is_not_loaded(client: TestClient) -> None:
    before = set(sys.modules)
    assert client.simulate_get("/swagger-ui/swagger-ui.css").status_code == 200
    assert not {"flask", "flask_swagger_ui"} & (set(sys.modules) - before)
