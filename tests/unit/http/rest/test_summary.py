"""REST: the state of the whole."""

from dataclasses import replace
from decimal import Decimal

from falcon.testing import TestClient

from fixengine.errors import UnavailableError
from fixengine.ports.queries import Overview, Sums, Totals
from fixengine.ports.stores import Backlog
from tests.support.executions import SENT
from tests.unit.http.conftest import Overviews

PATH = "/api/v1/summary"


def test_a_summary_is_written_to_the_digit(client: TestClient, overviews: Overviews) -> None:
    overviews.given = Overview(
        totals=Totals(
            by_status={
                "WORK": Sums(executions=1, quantity_ordered=Decimal("1000.00000000")),
                "FULL": Sums(
                    executions=2,
                    quantity_ordered=Decimal("500.50000000"),
                    quantity_filled=Decimal("500.50000000"),
                    total_amount=Decimal("99999999999999999999.00000001"),
                ),
            },
            counted_at=SENT,
        ),
        backlog=Backlog(due=1, oldest_due_age=0.12345, unpublished=3, ledger_inserts=7, clock=0),
        fills_per_second=12.34567,
        lag=4,
    )
    assert client.simulate_get(PATH).text == (
        '{"executions":3,"countByStatus":{"FULL":2,"WORK":1},"quantityOrdered":1500.5,'
        '"quantityFilled":500.5,"filledShare":0.333555,'
        '"notional":99999999999999999999.00000001,"countedTimestamp":1785240970.31,'
        '"fillsPerSecond":12.346,"due":1,"oldestDueSeconds":0.123,"unpublished":3,"lag":4}'
    )


def test_what_cannot_be_known_is_left_out(client: TestClient, overviews: Overviews) -> None:
    assert client.simulate_get(PATH).json == {
        "executions": 0,
        "countByStatus": {},
        "quantityOrdered": 0,
        "quantityFilled": 0,
        "notional": 0,
        "countedTimestamp": 1785240970.31,
    }
    overviews.given = replace(overviews.given, lag=0, fills_per_second=0.0)
    summary = client.simulate_get(PATH).json
    assert (summary["lag"], summary["fillsPerSecond"]) == (0, 0)


def test_without_a_database_there_is_none(client: TestClient, overviews: Overviews) -> None:
    overviews.failure = UnavailableError("no route to 10.0.0.7")
    result = client.simulate_get(PATH)
    assert (result.status_code, result.json["status"]) == (503, 503)
    assert result.headers["Retry-After"] == "2"
