"""REST: executions by id and by page."""

from datetime import UTC, datetime
from urllib.parse import urljoin

import pytest
from falcon.testing import TestClient

from fixengine.ports.queries import ExecutionQuery
from fixengine.wire.executions import encode_execution
from tests.support.executions import execution
from tests.unit.http.conftest import Reader

BOTH_PATHS = pytest.mark.parametrize("path", ["/api/v1/executions", "/api/v1/execution"])


def stocked(reader: Reader, count: int) -> None:
    reader.executions = [execution(id=number) for number in range(1, count + 1)]


def ids_of(client: TestClient, link: str) -> tuple[list[int], str]:
    result = client.simulate_get(link)
    assert result.status_code == 200
    following = result.headers.get("Link", "")
    if following:
        assert following.startswith("<?")  # relative, also where a gateway shortens the path
        assert following.endswith('>; rel="next"')
        following = urljoin(link, following[1:].split(">")[0])
    return [each["id"] for each in result.json], following


@BOTH_PATHS
def test_no_executions_are_an_empty_array(client: TestClient, path: str) -> None:
    result = client.simulate_get(path)
    assert (result.status_code, result.text) == (200, "[]")
    assert result.headers["Content-Type"] == "application/json"


@BOTH_PATHS
def test_executions_come_as_they_are_published_highest_id_first(
    client: TestClient, reader: Reader, path: str
) -> None:
    stocked(reader, 2)
    first, second = (encode_execution(execution(id=number)).decode() for number in (2, 1))
    assert client.simulate_get(path).text == f"[{first},{second}]"


def test_a_page_has_a_hundred_unless_a_limit_says_otherwise(
    client: TestClient, reader: Reader
) -> None:
    stocked(reader, 1001)
    assert len(client.simulate_get("/api/v1/executions").json) == 100
    assert len(client.simulate_get("/api/v1/executions?limit=1000").json) == 1000


def test_links_lead_through_all_pages_and_end_at_the_last(
    client: TestClient, reader: Reader
) -> None:
    stocked(reader, 6)
    seen, link = [], "/api/v1/execution?limit=2&isOpen=true&ticker=BRK.B%26C"
    while link:
        ids, link = ids_of(client, link)
        seen.append(ids)
    assert seen == [[6, 5], [4, 3], [2, 1]]
    assert {(query.is_open, query.ticker) for query in reader.queries} == {(True, "BRK.B&C")}


@pytest.mark.parametrize("text", ["1785240970", "1785240970.0", "1.78524097e9", "1.78524097E+9"])
def test_seconds_are_any_json_number(client: TestClient, reader: Reader, text: str) -> None:
    client.simulate_get("/api/v1/executions", params={"receivedSince": text})
    assert [query.received_since for query in reader.queries] == [
        datetime(2026, 7, 28, 12, 16, 10, tzinfo=UTC)
    ]


def test_filters_reach_the_reader(client: TestClient, reader: Reader) -> None:
    result = client.simulate_get(
        "/api/v1/executions",
        params={
            "limit": "7",
            "before": "90",
            "isOpen": "false",
            "status": "PART",
            "ticker": "BRK.B",
            "tradeType": "BUY",
            "destination": "ML",
            "executionServiceId": "37",
            "receivedSince": "2026-07-28T14:16:10.5+02:00",
            "receivedUntil": "1785240970.233793",
        },
    )
    assert result.status_code == 200
    assert reader.queries == [
        ExecutionQuery(
            limit=8,
            before_id=90,
            is_open=False,
            status="PART",
            ticker="BRK.B",
            trade_type="BUY",
            destination="ML",
            execution_service_id=37,
            received_since=datetime(2026, 7, 28, 12, 16, 10, 500000, tzinfo=UTC),
            received_until=datetime(2026, 7, 28, 12, 16, 10, 233793, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        ("limit", "0"),
        ("limit", "1001"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", "1e2"),
        ("limit", ""),
        ("before", "0"),
        ("before", "2147483648"),
        ("isOpen", "maybe"),
        ("status", ""),
        ("status", "full"),
        ("tradeType", "LONG"),
        ("ticker", "A%00"),
        ("executionServiceId", "A"),
        ("receivedSince", "yesterday"),
        ("receivedSince", "2026-07-28T12:00:00"),
        ("receivedSince", "2026-07-28T12:00:00+02:00"),
        ("receivedUntil", "0001-01-01T00:00:00%2B14:00"),
        ("receivedUntil", "999999999999"),
        ("receivedUntil", "1e999"),
        ("receivedUntil", "nan"),
        ("colour", "red"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named_with_the_remedy(
    client: TestClient, reader: Reader, parameter: str, text: str
) -> None:
    result = client.simulate_get(f"/api/v1/executions?{parameter}={text}")
    assert result.status_code == 400
    assert result.json["parameter"] == parameter
    assert result.json["detail"].startswith(f"{parameter} is ")
    assert ": " in result.json["detail"]
    assert reader.queries == []


def test_a_parameter_given_twice_is_refused(client: TestClient) -> None:
    result = client.simulate_get("/api/v1/executions?ticker=A&ticker=B")
    assert result.status_code == 400
    assert result.json["detail"] == "ticker is given 2 times: give it once"


def test_an_execution_is_found_by_its_own_id(client: TestClient, reader: Reader) -> None:
    stocked(reader, 3)
    result = client.simulate_get("/api/v1/execution/2")
    assert (result.status_code, result.content) == (200, encode_execution(execution(id=2)))
    assert result.headers["Content-Type"] == "application/json"


def test_an_id_that_nothing_has_is_not_found(client: TestClient) -> None:
    result = client.simulate_get("/api/v1/execution/2147483647")
    assert result.status_code == 404
    assert result.json["detail"] == "there is no execution with id 2147483647"


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.0", "2147483648", "٣", "1_0", "9" * 5000])
def test_what_is_no_id_is_refused(client: TestClient, text: str) -> None:
    result = client.simulate_get(f"/api/v1/execution/{text}")
    assert result.status_code == 400
    assert result.json["parameter"] == "id"
    assert result.json["detail"].endswith("': give a whole number from 1 to 2147483647")
    assert len(result.content) < 300
