"""How an order's state changes: the tables of FIX 4.4, appendix D, each by its name.

Where the standard leaves a choice, or a table needs what is not served, the test says so.
"""

from fixengine.rules.changes import Refusal
from tests.support.fix.market import Market

NEW = "Execution(X) New New 10000 0 10000 0"


def ordered(market: Market, *filled: int, more: str = "") -> Market:
    """Order 10,000, of which this is filled and told."""
    assert market.says(market.order("X", 10000, more)) == [NEW]
    for quantity in filled:
        market.fills("X", quantity)
    assert len(market.hears()) == len(filled)
    return market


def test_a_1_a_filled_order(market: Market) -> None:
    assert market.says(market.order("X", 10000)) == [NEW]
    market.fills("X", 2000)
    market.fills("X", 1000)
    market.fills("X", 7000)
    assert market.hears() == [
        "Execution(X) Trade PartiallyFilled 10000 2000 8000 2000",
        "Execution(X) Trade PartiallyFilled 10000 3000 7000 1000",
        "Execution(X) Trade Filled 10000 10000 0 7000",
    ]


def test_a_1_a_rejected_order(market: Market) -> None:
    assert market.says(market.order("X", 10000, "55=NONE|")) == [
        "Execution(X) Rejected Rejected UnknownSymbol 10000 0 0 0"
    ]


def test_a_1_b_part_filled_day_order(market: Market) -> None:
    """It expires at the end of the day: a day order that is done for the day would come back."""
    ordered(market, 2000)
    market.expires("X")
    assert market.hears() == ["Execution(X) Expired Expired 10000 2000 0 0"]


def test_b_1_a_cancel_of_a_zero_filled_order(market: Market) -> None:
    ordered(market)
    assert market.says(market.cancel("Y", "X")) == [
        "Execution(Y,X) PendingCancel PendingCancel 10000 0 10000 0"
    ]
    market.decides()
    assert market.hears() == ["Execution(Y,X) Canceled Canceled 10000 0 0 0"]


def test_b_1_b_cancel_of_a_part_filled_order_with_executions_meanwhile(market: Market) -> None:
    ordered(market, 2000)
    market.fills("X", 3000)  # passes the request on the line
    assert market.hears() == ["Execution(X) Trade PartiallyFilled 10000 5000 5000 3000"]
    assert market.says(market.cancel("Y", "X")) == [
        "Execution(Y,X) PendingCancel PendingCancel 10000 5000 5000 0"
    ]
    market.fills("X", 1000)
    assert market.hears() == ["Execution(X) Trade PendingCancel 10000 6000 4000 1000"]
    market.decides()
    assert market.hears() == ["Execution(Y,X) Canceled Canceled 10000 6000 0 0"]


def test_b_1_c_cancel_of_an_order_that_becomes_filled(market: Market) -> None:
    ordered(market, 2000)
    assert market.says(market.cancel("Y", "X")) == [
        "Execution(Y,X) PendingCancel PendingCancel 10000 2000 8000 0"
    ]
    market.fills("X", 8000)
    market.decides()
    assert market.hears() == [
        "Execution(X) Trade PendingCancel 10000 10000 0 8000",
        "CancelReject(Y,X) Filled TooLateToCancel",
    ]


def test_b_1_c_a_fill_that_the_client_was_not_told_is_no_reason_to_refuse(market: Market) -> None:
    """So the client hears of the fill before it hears that the request came too late."""
    ordered(market)
    market.fills("X", 10000)
    assert market.says(market.cancel("Y", "X")) == [
        "Execution(Y,X) PendingCancel PendingCancel 10000 0 10000 0"
    ]
    market.decides()
    assert market.hears() == [
        "Execution(X) Trade PendingCancel 10000 10000 0 10000",
        "CancelReject(Y,X) Filled TooLateToCancel",
    ]


def test_b_1_d_cancel_of_an_order_that_is_not_acknowledged(market: Market) -> None:
    """Both come in one read, and are answered in one transaction."""
    assert market.says(market.order("X", 10000), market.cancel("Y", "X")) == [
        NEW,
        "Execution(Y,X) PendingCancel PendingCancel 10000 0 10000 0",
    ]
    market.decides()
    assert market.hears() == ["Execution(Y,X) Canceled Canceled 10000 0 0 0"]


def test_b_1_e_cancel_that_crosses_the_acknowledgement(market: Market) -> None:
    request = market.cancel("Y", "X")
    assert market.says(market.order("X", 10000)) == [NEW]
    assert market.says(request) == ["Execution(Y,X) PendingCancel PendingCancel 10000 0 10000 0"]
    market.decides()
    assert market.hears() == ["Execution(Y,X) Canceled Canceled 10000 0 0 0"]


def test_b_1_f_cancel_of_an_unknown_order(market: Market) -> None:
    assert market.says(market.cancel("Y", "X")) == ["CancelReject(Y,X) Rejected UnknownOrder"]
    assert market.last[0].get(37) == b"NONE"
    assert market.says(market.order("X", 10000)) == [NEW], "its OrigClOrdID was not used up"


def test_c_1_a_replace_to_increase_a_zero_filled_order(market: Market) -> None:
    ordered(market)
    assert market.says(market.replace("Y", "X", 11000)) == [
        "Execution(Y,X) PendingReplace PendingReplace 10000 0 10000 0"
    ]
    market.decides()
    assert market.hears() == ["Execution(Y,X) Replaced New 11000 0 11000 0"]
    market.fills("X", 1000)
    market.fills("X", 2000)
    assert market.hears() == [
        "Execution(Y) Trade PartiallyFilled 11000 1000 10000 1000",
        "Execution(Y) Trade PartiallyFilled 11000 3000 8000 2000",
    ]


def test_c_1_b_replace_to_increase_a_part_filled_order(market: Market) -> None:
    ordered(market, 1000)
    assert market.says(market.replace("Y", "X", 12000)) == [
        "Execution(Y,X) PendingReplace PendingReplace 10000 1000 9000 0"
    ]
    market.fills("X", 100)
    assert market.hears() == ["Execution(X) Trade PendingReplace 10000 1100 8900 100"]
    market.decides()
    assert market.hears() == ["Execution(Y,X) Replaced PartiallyFilled 12000 1100 10900 0"]
    market.fills("X", 10900)
    assert market.hears() == ["Execution(Y) Trade Filled 12000 12000 0 10900"]


def test_c_1_c_replace_to_increase_a_filled_order(market: Market) -> None:
    """The standard lets a broker take it up again; here what is filled is done."""
    ordered(market, 10000)
    assert market.says(market.replace("Y", "X", 12000)) == [
        "CancelReject(Y,X) Filled TooLateToCancel"
    ]


def test_c_2_a_replace_of_the_price_comes_after_the_last_fill(market: Market) -> None:
    ordered(market, 1000, more="40=2|44=10|")
    market.fills("X", 9000)
    assert market.says(market.replace("Y", "X", 10000, "40=2|44=11|")) == [
        "Execution(Y,X) PendingReplace PendingReplace 10000 1000 9000 0"
    ]
    market.decides()
    assert market.hears() == [
        "Execution(X) Trade PendingReplace 10000 10000 0 9000",
        "CancelReject(Y,X) Filled TooLateToCancel",
    ]


def test_c_3_a_replace_to_decrease_to_more_than_is_filled(market: Market) -> None:
    ordered(market)
    market.fills("X", 1000)
    assert market.says(market.replace("Y", "X", 8000)) == [
        "Execution(Y,X) PendingReplace PendingReplace 10000 0 10000 0"
    ]
    market.decides()
    market.fills("X", 7000)
    assert market.hears() == [
        "Execution(X) Trade PendingReplace 10000 1000 9000 1000",
        "Execution(Y,X) Replaced PartiallyFilled 8000 1000 7000 0",
        "Execution(Y) Trade Filled 8000 8000 0 7000",
    ]


def test_c_3_b_replace_to_decrease_to_what_is_filled(market: Market) -> None:
    ordered(market)
    market.fills("X", 7000)
    market.says(market.replace("Y", "X", 7000))
    market.decides()
    assert market.hears() == [
        "Execution(X) Trade PendingReplace 10000 7000 3000 7000",
        "Execution(Y,X) Replaced Filled 7000 7000 0 0",
    ]


def test_c_3_c_replace_to_decrease_below_what_is_filled(market: Market) -> None:
    ordered(market)
    market.fills("X", 8000)
    market.says(market.replace("Y", "X", 7000))
    market.decides()
    assert market.hears() == [
        "Execution(X) Trade PendingReplace 10000 8000 2000 8000",
        "Execution(Y,X) Replaced Filled 8000 8000 0 0",
    ]


def test_d_1_a_two_replaces_one_after_the_other(market: Market) -> None:
    ordered(market, 1000)
    market.says(market.replace("Y", "X", 8000))
    market.decides()
    assert market.hears() == ["Execution(Y,X) Replaced PartiallyFilled 8000 1000 7000 0"]
    market.fills("X", 2000)
    assert market.hears() == ["Execution(Y) Trade PartiallyFilled 8000 3000 5000 2000"]
    assert market.says(market.replace("Z", "Y", 6000)) == [
        "Execution(Z,Y) PendingReplace PendingReplace 8000 3000 5000 0"
    ]
    market.fills("X", 2000)
    assert market.hears() == ["Execution(Y) Trade PendingReplace 8000 5000 3000 2000"]
    market.decides()
    assert market.hears() == ["Execution(Z,Y) Replaced PartiallyFilled 6000 5000 1000 0"]
    market.fills("X", 1000)
    assert market.hears() == ["Execution(Z) Trade Filled 6000 6000 0 1000"]


def test_d_1_b_a_replace_is_refused_before_it_is_pending_then_another_is_taken(
    market: Market,
) -> None:
    ordered(market, 1000)
    assert market.says(market.replace("Y", "X", 8000, "99=1|")) == [
        "CancelReject(Y,X) PartiallyFilled Other"
    ]
    market.fills("X", 2000)
    assert market.hears() == ["Execution(X) Trade PartiallyFilled 10000 3000 7000 2000"]
    assert market.says(market.replace("Z", "X", 6000)) == [
        "Execution(Z,X) PendingReplace PendingReplace 10000 3000 7000 0"
    ]
    market.fills("X", 1000)
    market.decides()
    market.fills("X", 2000)
    assert market.hears() == [
        "Execution(X) Trade PendingReplace 10000 4000 6000 1000",
        "Execution(Z,X) Replaced PartiallyFilled 6000 4000 2000 0",
        "Execution(Z) Trade Filled 6000 6000 0 2000",
    ]


def test_d_1_c_a_replace_is_refused_after_it_is_pending_then_another_is_taken(
    market: Market,
) -> None:
    ordered(market, 1000)
    assert market.says(market.replace("Y", "X", 8000)) == [
        "Execution(Y,X) PendingReplace PendingReplace 10000 1000 9000 0"
    ]
    market.fills("X", 4000)
    market.decides(Refusal.NO_NUMBER)
    assert market.hears() == [
        "Execution(X) Trade PendingReplace 10000 5000 5000 4000",
        "CancelReject(Y,X) PartiallyFilled Other",
    ]
    assert market.says(market.replace("Z", "X", 6000)) == [
        "Execution(Z,X) PendingReplace PendingReplace 10000 5000 5000 0"
    ]
    market.decides()
    assert market.hears() == ["Execution(Z,X) Replaced PartiallyFilled 6000 5000 1000 0"]


def test_d_2_c_a_second_replace_is_refused_while_one_is_pending(market: Market) -> None:
    """The other tables of D.2 have several requests pending at once, of which one is served."""
    ordered(market, 1000)
    assert market.says(market.replace("Y", "X", 8000), market.replace("Z", "Y", 7000)) == [
        "Execution(Y,X) PendingReplace PendingReplace 10000 1000 9000 0",
        "CancelReject(Z,X) PendingReplace OrderAlreadyInPendingStatus",
    ]
    market.decides()
    assert market.hears() == ["Execution(Y,X) Replaced PartiallyFilled 8000 1000 7000 0"]
    market.fills("X", 2000)
    assert market.hears() == ["Execution(Y) Trade PartiallyFilled 8000 3000 5000 2000"]


def test_f_1_a_duplicate_cl_ord_id(market: Market) -> None:
    ordered(market, 1000)
    assert market.says(market.order("X", 15000)) == [
        "Execution(X) Rejected PartiallyFilled DuplicateOrder 10000 1000 9000 0"
    ]
    market.fills("X", 9000)
    assert market.hears() == ["Execution(X) Trade Filled 10000 10000 0 9000"]


def test_f_1_b_poss_resend_of_a_known_and_of_an_unknown_order(market: Market) -> None:
    ordered(market, 1000)
    assert market.says(market.order("X", 10000, "97=Y|")) == [
        "Execution(X) OrderStatus PartiallyFilled 10000 1000 9000 0"
    ]
    assert market.says(market.order("Y", 20000, "97=Y|")) == [
        "Execution(Y) New New 20000 0 20000 0"
    ]


def test_g_1_a_status_of_an_unknown_order(market: Market) -> None:
    assert market.says(market.status("X")) == [
        "Execution(X) OrderStatus Rejected UnknownOrder 0 0 0 0"
    ]
    assert market.last[0].get(37) == b"NONE"


def test_g_1_c_status_requests_during_the_life_of_an_order(market: Market) -> None:
    """Nothing is pending new: an order is acknowledged in the transaction that takes it."""
    assert market.says(market.order("X", 10000), market.status("X")) == [
        NEW,
        "Execution(X) OrderStatus New 10000 0 10000 0",
    ]
    market.fills("X", 2000)
    market.hears()
    assert market.says(market.status("X")) == [
        "Execution(X) OrderStatus PartiallyFilled 10000 2000 8000 0"
    ]
    market.says(market.cancel("Y", "X"))
    pending = "OrderStatus PendingCancel 10000 2000 8000 0"
    assert market.says(market.status("X")) == [f"Execution(X) {pending}"]
    assert market.says(market.status("Y")) == [f"Execution(Y,X) {pending}"]
    market.decides()
    market.hears()
    canceled = "OrderStatus Canceled 10000 2000 0 0"
    assert market.says(market.status("Y")) == [f"Execution(Y) {canceled}"]
    assert market.says(market.status("X")) == [f"Execution(Y,X) {canceled}"]


def test_i_1_a_fill_or_kill_order_that_cannot_be_filled(market: Market) -> None:
    ordered(market, more="59=4|")
    market.evaluates("X")
    market.expires("X")
    assert market.hears() == ["Execution(X) Canceled Canceled 10000 0 0 0"]


def test_i_1_b_immediate_or_cancel_order_that_cannot_be_hit_at_once(market: Market) -> None:
    ordered(market, more="59=3|")
    market.fills("X", 1000)
    market.expires("X")
    assert market.hears() == [
        "Execution(X) Trade PartiallyFilled 10000 1000 9000 1000",
        "Execution(X) Canceled Canceled 10000 1000 0 0",
    ]


def test_e_1_b_unsolicited_cancel(market: Market) -> None:
    ordered(market, 1000)
    market.operator("X")
    assert market.hears() == ["Execution(X) Canceled Canceled 10000 1000 0 0"]


def test_e_1_c_unsolicited_replace(market: Market) -> None:
    ordered(market, 1000)
    market.operator("X", 9000)
    assert market.hears() == ["Execution(X) Restated PartiallyFilled 9000 1000 8000 0"]
