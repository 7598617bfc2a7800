"""What became of orders and requests is told in its order, with the ClOrdIDs in force by then."""

import pytest

from fixengine.rules.changes import Refusal
from fixengine.trading.values import RequestState
from tests.support.fix.market import END_OF_DAY, Market

REASONS = {
    Refusal.UNKNOWN: "UnknownOrder",
    Refusal.KEY_TAKEN: "DuplicateClOrdID",
    Refusal.CLOSED: "TooLateToCancel",
    Refusal.FILLED: "TooLateToCancel",
}


def ordered(more: str = "") -> Market:
    market = Market()
    market.says(market.order("X", 100, more))
    return market


def test_a_page_tells_of_a_whole_life() -> None:
    market = ordered()
    market.fills("X", 10)
    market.says(market.replace("Y", "X", 200))
    market.fills("X", 10)
    market.decides()
    market.fills("X", 10)
    assert market.hears() == [
        "Execution(X) Trade PendingReplace 100 10 90 10",
        "Execution(X) Trade PendingReplace 100 20 80 10",
        "Execution(Y,X) Replaced PartiallyFilled 200 20 180 0",
        "Execution(Y) Trade PartiallyFilled 200 30 170 10",
    ]
    assert market.requests[b"Y"].state is RequestState.DONE
    assert market.hears() == []


def test_orders_of_a_page_do_not_mix() -> None:
    market = Market()
    market.says(market.order("X", 100), market.order("Y", 200))
    market.says(market.cancel("Z", "X"))
    market.decides()
    market.fills("Y", 200)
    assert market.hears() == [
        "Execution(Z,X) Canceled Canceled 100 0 0 0",
        "Execution(Y) Trade Filled 200 200 0 200",
    ]


def test_an_operator_cancels_while_a_request_is_pending() -> None:
    market = ordered()
    market.says(market.cancel("Y", "X"))
    market.operator("X")
    market.decides()
    assert market.hears() == [
        "Execution(X) Canceled PendingCancel 100 0 0 0",
        "CancelReject(Y,X) Canceled TooLateToCancel",
    ]


def test_an_operator_replaces_while_a_request_is_pending() -> None:
    market = ordered()
    market.says(market.replace("Y", "X", 300))
    market.operator("X", 200)
    market.decides()
    assert market.hears() == [
        "Execution(X) Restated PendingReplace 200 0 200 0",
        "Execution(Y,X) Replaced New 300 0 300 0",
    ]


def test_what_an_operator_did_is_said() -> None:
    market = ordered()
    market.operator("X", 200)
    market.operator("X")
    market.hears()
    assert [each.get(378) for each in market.last] == [b"4", None]
    text = b"an operator has cancelled or replaced the order"
    assert [each.get(58) for each in market.last] == [text, text]


def test_a_day_order_expires_while_a_request_is_pending() -> None:
    market = ordered()
    market.says(market.cancel("Y", "X"))
    market.expires("X")
    market.decides()
    assert market.hears() == [
        "Execution(X) Expired PendingCancel 100 0 0 0",
        "CancelReject(Y,X) Expired TooLateToCancel",
    ]


@pytest.mark.parametrize("by_operator", [False, True])
def test_what_is_cancelled_when_its_day_is_over_says_so_in_both_fields(by_operator: bool) -> None:
    """As no engine runs that ends it."""
    market = ordered()
    market.now = END_OF_DAY
    if by_operator:
        market.operator("X")
        assert market.hears() == ["Execution(X) Canceled Canceled 100 0 0 0"]
    else:
        market.says(market.cancel("Y", "X"))
        market.decides()
        assert market.hears() == ["Execution(Y,X) Canceled Canceled 100 0 0 0"]


def test_after_a_refusal_the_order_can_be_asked_for_again() -> None:
    market = ordered("59=3|")
    market.says(market.replace("Y", "X", 20))
    market.decides()
    assert market.hears() == ["CancelReject(Y,X) New Other"], "its first evaluation is its last"
    assert market.requests[b"Y"].state is RequestState.REFUSED
    assert market.orders[1].pending_cl_ord_id is None
    assert "PendingCancel" in market.says(market.cancel("Z", "X"))[0]


@pytest.mark.parametrize("why_not", Refusal)
def test_why_the_desk_refuses_is_told(why_not: Refusal) -> None:
    market = ordered()
    market.says(market.cancel("Y", "X"))
    market.decides(why_not)
    assert market.hears() == [f"CancelReject(Y,X) New {REASONS.get(why_not, 'Other')}"]
    assert market.last[0].get(58)


def test_an_order_until_a_time_expires() -> None:
    market = ordered("59=6|126=20260401-00:00:00|")
    assert market.last[0].get(126) == b"20260401-00:00:00.000"
    market.expires("X")
    assert market.hears() == ["Execution(X) Expired Expired 100 0 0 0"]
    assert market.last[0].get(126) == b"20260401-00:00:00.000"
