"""Requests to cancel and replace: which are decided by the desk, and why others are refused."""

from datetime import timedelta
from decimal import Decimal

import pytest

from fixengine.trading.values import RequestKind, RequestState
from tests.support.fix.customer import BEGAN
from tests.support.fix.market import IBM, ORCL, Market


def ordered(more: str = "", quantity: int = 100) -> Market:
    market = Market()
    assert market.says(market.order("X", quantity, more))[0].startswith("Execution(X) New New")
    return market


def test_a_request_waits_to_be_decided_with_what_it_asks_for() -> None:
    market = ordered("40=2|44=10|")
    market.says(market.replace("Y", "X", 200, "40=2|44=11.5|"))
    request = market.requests[b"Y"]
    assert (request.kind, request.state) == (RequestKind.REPLACE, RequestState.PENDING)
    assert (request.session_id, request.execution_id, request.asked_at) == (7, 1, BEGAN)
    assert (request.quantity, request.limit_price) == (200, Decimal("11.5"))
    order = market.orders[1]
    assert (order.pending_cl_ord_id, order.pending_kind) == (b"Y", RequestKind.REPLACE)
    assert order.cl_ord_id == b"X", "the new one is not in force yet"


def test_a_replace_may_make_a_market_order_of_a_limit_order_and_back() -> None:
    market = ordered("40=2|44=10|")
    market.says(market.replace("Y", "X", 100))
    market.decides()
    assert market.hears() == ["Execution(Y,X) Replaced New 100 0 100 0"]
    assert (market.last[0].get(40), market.last[0].get(44)) == (b"1", None)
    market.says(market.replace("Z", "Y", 100, "40=2|44=9|"))
    assert market.last[0].get(40) == b"1", "what is pending is not in force"
    market.decides()
    market.hears()
    assert (market.last[0].get(40), market.last[0].get(44)) == (b"2", b"9")


@pytest.mark.parametrize("original", ["X", "Y"])
def test_any_cl_ord_id_that_the_order_had_names_it(original: str) -> None:
    market = ordered()
    market.says(market.replace("Y", "X", 200))
    market.decides()
    market.hears()
    assert market.says(market.cancel("Z", original)) == [
        "Execution(Z,Y) PendingCancel PendingCancel 200 0 200 0"
    ]


def test_the_cl_ord_id_of_a_refused_request_names_no_order() -> None:
    market = ordered()
    market.says(market.replace("Y", "X", 0))
    assert market.requests[b"Y"].state is RequestState.REFUSED
    assert market.says(market.cancel("Z", "Y")) == ["CancelReject(Z,Y) Rejected UnknownOrder"]
    market.says(market.order("W", 0))
    assert market.says(market.cancel("V", "W")) == ["CancelReject(V,W) Rejected UnknownOrder"]


def test_a_request_in_the_same_read_sees_what_the_one_before_it_did() -> None:
    market = Market()
    answers = market.says(
        market.order("X", 100),
        market.cancel("Y", "X"),
        market.cancel("Z", "X"),
        market.cancel("Y", "X"),
        market.order("W", 0),
        market.cancel("V", "W"),
    )
    assert answers == [
        "Execution(X) New New 100 0 100 0",
        "Execution(Y,X) PendingCancel PendingCancel 100 0 100 0",
        "CancelReject(Z,X) PendingCancel OrderAlreadyInPendingStatus",
        "CancelReject(Y,X) PendingCancel DuplicateClOrdID",
        "Execution(W) Rejected Rejected IncorrectQuantity 0 0 0 0",
        "CancelReject(V,W) Rejected UnknownOrder",
    ]
    assert market.entered[0].fix.pending_cl_ord_id == b"Y", "it is stored as it is after the read"


def test_what_is_done_is_too_late_to_cancel() -> None:
    market = ordered()
    market.fills("X", 100)
    market.hears()
    assert market.says(market.cancel("Y", "X")) == ["CancelReject(Y,X) Filled TooLateToCancel"]
    assert market.last[0].get(37) == b"1"


def test_a_refusal_names_the_cl_ord_id_in_force() -> None:
    market = ordered()
    market.says(market.replace("Y", "X", 200))
    market.decides()
    market.hears()
    assert market.says(market.replace("Z", "X", 0)) == ["CancelReject(Z,Y) New Other"]


def test_a_refusal_says_to_which_kind_of_request_it_answers() -> None:
    market = ordered()
    market.says(market.cancel("Y", "?"), market.replace("Z", "?", 1))
    assert [each.get(434) for each in market.last] == [b"1", b"2"]


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ("54=2|", "Side(54)"),
        ("55=ORCL|", "Symbol(55)"),
        (f"48={ORCL}|22=100|", "SecurityID(48)"),
        ("37=99|", "OrderID(37)"),
    ],
)
def test_what_names_another_order_is_refused(more: str, name: str) -> None:
    market = ordered()
    for request in (market.cancel("Y", "X", more), market.replace("Z", "X", 1, more)):
        assert market.says(request)[0].endswith(" New Other")
        text = market.last[0].get(58) or b""
        assert text.decode() == f"{name} is not that of the order: give what its reports have"


@pytest.mark.parametrize(
    "more", ["", "37=1|", f"48={IBM.upper()}|22=100|", "48=whatever|22=4|", "55=[N/A]|"]
)
def test_what_names_the_order_is_taken(more: str) -> None:
    market = ordered()
    assert "PendingCancel" in market.says(market.cancel("Y", "X", more))[0]


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ("1=B|", "Account(1)"),
        ("59=1|", "TimeInForce(59)"),
        ("77=C|", "PositionEffect(77)"),
        ("126=20260401-00:00:00|", "ExpireTime(126)"),
        ("432=20260401|", "ExpireTime(126)"),
    ],
)
def test_only_quantity_and_price_can_be_replaced(more: str, name: str) -> None:
    market = ordered("1=A|")
    assert market.says(market.replace("Y", "X", 1, more)) == ["CancelReject(Y,X) New Other"]
    assert (market.last[0].get(58) or b"").decode().startswith(f"{name} can't be replaced")


def test_a_replace_may_say_again_until_which_date_an_order_is() -> None:
    market = ordered("59=6|432=20260401|")
    assert market.says(market.replace("Y", "X", 1, "59=6|432=20260402|")) == [
        "CancelReject(Y,X) New Other"
    ]
    assert "PendingReplace" in market.says(market.replace("Z", "X", 1, "59=6|432=20260401|"))[0]


def test_a_replace_may_say_again_what_the_order_has() -> None:
    market = ordered("1=A|59=6|126=20260401-00:00:00|77=O|")
    again = market.replace("Y", "X", 1, "1=A|59=6|126=20260401-00:00:00.000|77=O|18=1|")
    assert "PendingReplace" in market.says(again)[0]


@pytest.mark.parametrize("fraction", [".123", ".123456789"])
def test_a_replace_may_say_the_expire_time_of_a_report_or_of_the_order(fraction: str) -> None:
    market = ordered("59=6|126=20260401-00:00:00.123456789|")
    assert market.last[0].get(126) == b"20260401-00:00:00.123"
    again = market.replace("Y", "X", 1, f"59=6|126=20260401-00:00:00{fraction}|")
    assert "PendingReplace" in market.says(again)[0]


def test_a_replace_may_say_all_that_a_report_says_of_the_end() -> None:
    market = ordered("59=6|432=20260401|")
    said = "".join(f"{tag}={(market.last[0].get(tag) or b'').decode()}|" for tag in (126, 432))
    assert "PendingReplace" in market.says(market.replace("Y", "X", 1, f"59=6|{said}"))[0]


@pytest.mark.parametrize("more", ["40=3|99=1|", "40=2|", "40=2|44=0|", "111=5|"])
def test_terms_that_an_order_could_not_have_are_refused(more: str) -> None:
    market = ordered()
    assert market.says(market.replace("Y", "X", 1, more)) == ["CancelReject(Y,X) New Other"]
    assert market.orders[1].pending_cl_ord_id is None


def test_a_quantity_of_too_many_decimals_is_miswritten_and_may_be_mended() -> None:
    market = ordered()
    assert market.says(market.replace("Y", "X", "1.123456789")) == [
        "Reject IncorrectDataFormatForValue"
    ]
    assert "PendingReplace" in market.says(market.replace("Y", "X", "1.12345678"))[0]


def test_a_request_that_was_refused_tells_of_its_order_in_the_same_read_and_later() -> None:
    market = ordered()
    refused, status = market.replace("Y", "X", 0), market.status("Y")
    told = "Execution(X,Y) OrderStatus New 100 0 100 0"
    assert market.says(refused, status) == ["CancelReject(Y,X) New Other", told]
    assert market.says(status) == [told]


def test_a_request_that_is_resent_is_told_how_its_order_stands() -> None:
    market = ordered()
    market.says(market.cancel("Y", "X"))
    assert market.says(market.cancel("Y", "X", "97=Y|")) == [
        "Execution(Y,X) OrderStatus PendingCancel 100 0 100 0"
    ]
    market.decides()
    market.hears()
    assert market.says(market.cancel("Y", "X", "97=Y|")) == [
        "Execution(Y) OrderStatus Canceled 100 0 0 0"
    ]


def test_a_resent_request_for_an_order_that_nobody_knew_is_a_duplicate() -> None:
    market = Market()
    market.says(market.cancel("Y", "X"))
    assert market.says(market.cancel("Y", "X", "97=Y|")) == [
        "CancelReject(Y,X) Rejected DuplicateClOrdID"
    ]


def test_a_cl_ord_id_of_more_than_a_hundred_bytes_is_not_kept() -> None:
    market = ordered()
    long = "Y" * 101
    assert market.says(market.cancel(long, "X")) == [f"CancelReject({long},X) New Other"]
    assert market.says(market.cancel("Z", long)) == [
        f"CancelReject(Z,{long}) Rejected UnknownOrder"
    ]
    assert set(market.requests) == {b"X", b"Z"}


def test_reasons_that_fix_4_2_does_not_list_are_the_brokers_choice() -> None:
    market = Market(b"FIX.4.2")
    market.says(market.order("X", 100))
    assert market.says(market.cancel("X", "X")) == ["CancelReject(X,X) New BrokerCredit"]


def test_a_request_is_told_at_the_time_at_which_it_came() -> None:
    market = ordered()
    market.now += timedelta(minutes=1)
    market.says(market.cancel("Y", "X"))
    assert market.last[0].get(60) == b"20260302-09:31:00.000"
