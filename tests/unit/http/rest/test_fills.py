"""REST: the fills of one execution."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

import pytest
from falcon.testing import TestClient

from fixengine.ports.queries import Evaluation
from fixengine.rules.values import ChangeKind, LedgerEntry, Terms
from tests.support.executions import execution
from tests.unit.http.conftest import Reader

FILLS = "/api/v1/execution/5/fills"


def entry(
    *, change: ChangeKind | None = None, terms: Terms | None = None, **changes: Any
) -> Evaluation:
    fields: dict[str, Any] = {
        "execution_id": 5,
        "number": 1,
        "quantity": Decimal("100.00000000"),
        "price": Decimal("43.25000000"),
        "filled_at": datetime(2026, 7, 28, 12, 16, 11, 20000, tzinfo=UTC),
        "quantity_filled": Decimal("100.00000000"),
        "total_amount": Decimal("4325.00000000"),
        "version": 2,
        "announced": True,
    }
    return Evaluation(LedgerEntry(**{**fields, **changes}), change, terms)


@pytest.fixture(autouse=True)
def one_execution(reader: Reader) -> None:
    reader.executions = [execution(id=5)]


def test_a_fill_is_written_to_the_digit(client: TestClient, reader: Reader) -> None:
    reader.ledger = [entry()]
    result = client.simulate_get(FILLS)
    assert result.headers["Content-Type"] == "application/json"
    assert result.text == (
        '[{"executionId":5,"number":1,"quantity":100,"price":43.25,'
        '"filledTimestamp":1785240971.02,"quantityFilled":100,"averagePrice":43.25,'
        '"totalAmount":4325,"version":2,"announced":true}]'
    )


def test_what_was_lost_or_is_not_known_yet_is_left_out(client: TestClient, reader: Reader) -> None:
    nothing = Decimal(0)
    reader.ledger = [
        entry(
            price=None, filled_at=None, quantity=nothing, quantity_filled=nothing, announced=False
        )
    ]
    (fill,) = client.simulate_get(FILLS).json
    assert {"price", "filledTimestamp", "averagePrice"}.isdisjoint(fill)
    assert (fill["quantity"], fill["announced"]) == (0, False)


@pytest.mark.parametrize(
    ("kind", "limit", "said"),
    [
        (ChangeKind.CANCEL, "44.10", {"change": "CANCEL"}),
        (ChangeKind.EXPIRE, None, {"change": "EXPIRE"}),
        (
            ChangeKind.REPLACE,
            "44.10",
            {"change": "REPLACE", "quantityOrdered": 200, "limitPrice": 44.1},
        ),
        (ChangeKind.REPLACE, None, {"change": "REPLACE", "quantityOrdered": 200}),
    ],
)
def test_a_change_says_what_it_was_and_a_replace_the_terms_after_it(
    client: TestClient,
    reader: Reader,
    kind: ChangeKind,
    limit: str | None,
    said: dict[str, object],
) -> None:
    terms = Terms(Decimal("200.00000000"), None if limit is None else Decimal(limit))
    reader.ledger = [entry(), entry(number=2, price=None, change=kind, terms=terms)]
    fill, change = client.simulate_get(FILLS).json
    names = {"change", "quantityOrdered", "limitPrice"}
    assert names.isdisjoint(fill)
    assert {name: change[name] for name in names & change.keys()} == said


def test_no_fills_yet_are_an_empty_array(client: TestClient) -> None:
    assert client.simulate_get(FILLS).text == "[]"


def test_fills_of_nothing_are_not_found(client: TestClient) -> None:
    result = client.simulate_get("/api/v1/execution/6/fills")
    assert result.status_code == 404
    assert result.json["detail"] == "there is no execution with id 6"


def test_links_lead_through_all_pages_oldest_first(client: TestClient, reader: Reader) -> None:
    reader.ledger = [entry(number=number) for number in range(1, 6)]
    seen, link = [], f"{FILLS}?limit=2"
    while link:
        result = client.simulate_get(link)
        seen.append([fill["number"] for fill in result.json])
        following = result.headers.get("Link", "")[1:].split(">")[0]
        link = following and urljoin(link, following)
    assert seen == [[1, 2], [3, 4], [5]]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        (f"{FILLS}?limit=0", "limit"),
        (f"{FILLS}?after=-1", "after"),
        (f"{FILLS}?before=3", "before"),
        ("/api/v1/execution/x/fills", "id"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(
    client: TestClient, path: str, parameter: str
) -> None:
    result = client.simulate_get(path)
    assert result.status_code == 400
    assert result.json["parameter"] == parameter
