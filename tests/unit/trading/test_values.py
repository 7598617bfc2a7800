"""What the desk is asked for a request by FIX."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fixengine.rules.values import ChangeKind
from fixengine.trading.values import FixRequest, RequestKind, RequestState, change_request, key_of


@pytest.mark.parametrize("limit", [None, Decimal(5)])
def test_a_replace_asks_for_both_terms(limit: Decimal | None) -> None:
    request = FixRequest(
        session_id=1,
        cl_ord_id=b"r1",
        execution_id=5,
        kind=RequestKind.REPLACE,
        state=RequestState.PENDING,
        quantity=Decimal(7),
        limit_price=limit,
        asked_at=datetime.now(UTC),
    )
    asked = change_request(request)
    assert (asked.kind, asked.quantity, asked.limit_price) == (ChangeKind.REPLACE, 7, limit)
    assert asked.or_filled, "what is filled already can't be taken back"
    assert (asked.execution_id, asked.key) == (5, key_of(1, b"r1"))


def test_requests_of_two_sessions_have_two_keys() -> None:
    assert (
        len({key_of(session, name) for session in (1, 11) for name in (b"1", b"11", b"\xff")}) == 6
    )
