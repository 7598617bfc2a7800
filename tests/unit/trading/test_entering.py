"""Which orders enter, as what, and why others are refused."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fixengine.rules.values import TimeInForce, TradeType
from fixengine.trading.values import NewOrder, RequestState
from tests.support.fix.customer import BEGAN
from tests.support.fix.market import END_OF_DAY, IBM, Market


def entered(more: str = "", quantity: str = "100") -> NewOrder:
    market = Market()
    assert market.says(market.order("X", quantity, more))[0].startswith("Execution(X) New New")
    return market.entered[0]


def refused(more: str = "", quantity: str = "100", version: bytes = b"FIX.4.4") -> tuple[str, str]:
    """Return OrdRejReason(103) and Text(58)."""
    market = Market(version)
    answers = market.says(market.order("X", quantity, more))
    assert answers[0].startswith("Execution(X) Rejected Rejected"), answers
    assert not market.entered
    assert market.requests[b"X"].state is RequestState.REFUSED
    answer = market.last[0]
    assert (answer.get(37), answer.get(14), answer.get(151)) == (b"NONE", b"0", b"0")
    return (answer.get(103) or b"").decode(), (answer.get(58) or b"").decode()


def test_an_order_enters_as_one_of_the_engine() -> None:
    new = entered("40=2|44=10.5|1=ACC|")
    assert (new.execution_id, new.ticker, new.order.id) == (1, "IBM", -1)
    assert (new.order.trade_type, new.order.destination) == (TradeType.BUY, "ML")
    assert (new.order.security_id, new.order.quantity) == (IBM, 100)
    assert (new.order.limit_price, new.order.received_timestamp) == (Decimal("10.5"), BEGAN)
    assert (new.order.version, new.order.trade_service_execution_id) == (1, None)
    assert (new.fix.cl_ord_id, new.fix.account, new.fix.session_id) == (b"X", b"ACC", 7)


@pytest.mark.parametrize(
    ("more", "trade_type"),
    [
        ("54=1|", TradeType.BUY),
        ("54=1|77=O|", TradeType.BUY),
        ("54=1|77=C|", TradeType.COVER),
        ("54=2|", TradeType.SELL),
        ("54=2|77=C|", TradeType.SELL),
        ("54=5|", TradeType.SHORT),
    ],
)
def test_side_and_position_effect_say_what_kind_of_trade_it_is(
    more: str, trade_type: TradeType
) -> None:
    assert entered(more).order.trade_type is trade_type


@pytest.mark.parametrize("side", ["3", "6", "8", "B"])
def test_other_sides_are_refused(side: str) -> None:
    reason, text = refused(f"54={side}|")
    assert (reason, text[:8]) == ("11", "Side(54)")


@pytest.mark.parametrize(
    "more",
    [
        f"55=[N/A]|48={IBM}|22=100|",
        f"55=IBM|48={IBM.upper()}|22=999|",
        "55=IBM|48=US4592001014|22=4|",
        "55=IBM|48=whatever|",
    ],
)
def test_a_security_is_named_by_its_ticker_or_by_its_id(more: str) -> None:
    assert entered(more).order.security_id == IBM


@pytest.mark.parametrize(
    "more",
    [
        "55=ibm|",
        "55=\xff|",
        "55=[N/A]|",
        "55=[N/A]|48=US4592001014|22=4|",
        f"55=ORCL|48={IBM}|22=100|",
        "55=IBM|48=68bda020e3644b42ebcb2bff|22=100|",
        "55=IBM|48=68bda020|22=100|",
        "55=IBM|22=100|",
    ],
)
def test_an_unknown_security_is_refused_and_so_are_two(more: str) -> None:
    assert refused(more)[0] == "1"


@pytest.mark.parametrize("ord_type", ["3", "4", "P"])
def test_other_types_than_market_and_limit_are_refused(ord_type: str) -> None:
    reason, text = refused(f"40={ord_type}|44=1|")
    assert (reason, text[:11]) == ("11", "OrdType(40)")


@pytest.mark.parametrize(
    "more",
    [
        "40=2|",
        "40=1|44=10|",
        "40=2|44=0|",
        "40=2|44=-1|",
        "40=2|44=0.00001|",
        "40=2|44=10000000000|",
    ],
)
def test_a_price_belongs_to_a_limit_order_and_is_one_that_the_engine_can_keep(more: str) -> None:
    reason, text = refused(more)
    assert (reason, "Price(44)" in text) == ("99", True)


@pytest.mark.parametrize("quantity", ["0", "-5", "10000000000", "0.0"])
def test_a_quantity_is_above_nothing_and_one_that_the_engine_can_keep(quantity: str) -> None:
    reason, text = refused(quantity=quantity)
    assert (reason, text[:12]) == ("13", "OrderQty(38)")


def test_a_quantity_is_missed() -> None:
    market = Market()
    market.says(market.order("X", 1).replace("38=1|", ""))
    assert market.last[0].get(103) == b"13"


@pytest.mark.parametrize(
    ("quantity", "number"),
    [("0.00000001", "1e-8"), ("9999999999.99999999", "9999999999.99999999"), ("007.", "7")],
)
def test_quantities_are_exact(quantity: str, number: str) -> None:
    assert entered(quantity=quantity).order.quantity == Decimal(number)


@pytest.mark.parametrize(
    ("quantity", "more", "tag"),
    [("1.000000001", "", b"38"), ("1.000000000", "", b"38"), ("1", "40=2|44=1.123456789|", b"44")],
)
def test_a_number_of_more_than_8_decimals_is_miswritten(
    quantity: str, more: str, tag: bytes
) -> None:
    market = Market()
    market.says(market.order("X", quantity, more))
    answer = market.last[0]
    assert (answer.kind, answer.get(373), answer.get(371)) == (b"3", b"6", tag)
    assert answer.get(45) == b"1"
    assert market.says(market.order("X", 1))[0].startswith("Execution(X) New"), "it may be mended"


@pytest.mark.parametrize(
    ("more", "expires_at", "time_in_force"),
    [
        ("", END_OF_DAY, None),
        ("59=0|", END_OF_DAY, None),
        ("59=1|", None, None),
        ("59=3|", None, TimeInForce.IOC),
        ("59=4|", None, TimeInForce.FOK),
        ("59=6|126=20260401-00:00:00|", datetime(2026, 4, 1, tzinfo=UTC), None),
        ("59=6|432=20260401|", datetime(2026, 4, 1, 17, tzinfo=UTC), None),
        ("59=6|432=20260302|", END_OF_DAY, None),
    ],
)
def test_how_long_an_order_may_be_filled(
    more: str, expires_at: datetime | None, time_in_force: TimeInForce | None
) -> None:
    order = entered(more).order
    assert (order.expires_at, order.time_in_force) == (expires_at, time_in_force)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("59=2|", "11"),
        ("59=5|", "11"),
        ("59=7|", "11"),
        ("59=6|", "99"),
        ("59=6|126=20260401-00:00:00|432=20260401|", "99"),
        ("59=6|432=20260231|", "99"),
        ("59=6|432=99991231|", "99"),
        ("59=6|432=00010101|", "99"),
        ("59=6|432=20260301|", "4"),
        ("59=6|126=99991231-00:00:00|", "99"),
        ("59=6|126=20260302-09:30:00|", "4"),
        ("59=0|126=20260401-00:00:00|", "99"),
        ("59=1|432=20260401|", "99"),
    ],
)
def test_other_endings_are_refused(more: str, reason: str) -> None:
    assert refused(more)[0] == reason


@pytest.mark.parametrize(
    "more",
    [
        "18=G",
        "18=1_G",
        "99=10",
        "110=5",
        "111=5",
        "121=Y",
        "152=1000",
        "168=20260401-00:00:00",
        "210=5",
        "211=1",
        "388=0",
        "423=1",
        "516=50",
        "541=20270101",
        "640=1",
        "65=WI",
        "77=R",
        "167=OPT",
        "836=1",
        "854=1",
        "202=10",
        "203=0",
        "231=100",
        "460=4",
        "461=OCASPS",
        "667=202612",
        "775=1",
        "947=EUR",
    ],
)
def test_what_changes_the_meaning_of_an_order_and_is_not_served_is_refused(more: str) -> None:
    tag = more.partition("=")[0]
    reason, text = refused(f"{more.replace('_', ' ')}|")
    assert reason == "11"
    assert text.split()[0].endswith(f"({tag})")
    assert " asks for what is not served: " in text


def test_a_refusal_calls_the_field_by_its_name() -> None:
    assert refused("99=10|")[1] == "StopPx(99) asks for what is not served: leave it out"
    assert refused("77=R|")[1] == (
        "PositionEffect(77) asks for what is not served: give C, O or leave it out"
    )


@pytest.mark.parametrize(
    "more",
    [
        "18=1",
        "18=1_2",
        "110=0",
        "167=CS",
        "15=USD",
        "207=N",
        "21=3",
        "100=N",
        "63=0",
        "64=20260304",
        "12=1|13=1",
        "58=hello",
        "114=N",
        "121=N",
        "854=0",
        "231=1",
        "460=5",
        "461=ESVUFR",
        "775=0",
    ],
)
def test_what_changes_nothing_is_taken(more: str) -> None:
    assert entered(f"{more.replace('_', ' ')}|").fix.cl_ord_id == b"X"


def test_a_time_that_has_passed_is_called_by_its_field() -> None:
    later = "has passed: give a later one"
    assert refused("59=6|126=20260302-09:30:00|")[1] == f"ExpireTime(126) {later}"
    assert refused("59=6|432=20260301|")[1] == f"ExpireDate(432) {later}"


def test_texts_that_are_kept_have_a_hundred_bytes_at_most() -> None:
    assert entered(f"1={'A' * 100}|").fix.account == b"A" * 100
    reason, text = refused(f"1={'A' * 101}|")
    assert (reason, text) == ("99", "Account(1) has more than 100 bytes: shorten it")
    market = Market()
    answers = market.says(market.order("X" * 101, 1))
    assert answers[0].startswith(f"Execution({'X' * 101}) Rejected Rejected Other")
    assert not market.requests


def test_a_cl_ord_id_that_comes_twice_in_one_read_is_a_duplicate() -> None:
    market = Market()
    assert market.says(market.order("X", 100), market.order("X", 200)) == [
        "Execution(X) New New 100 0 100 0",
        "Execution(X) Rejected New DuplicateOrder 100 0 100 0",
    ]
    assert len(market.entered) == 1


def test_a_refused_order_uses_its_cl_ord_id_up() -> None:
    market = Market()
    market.says(market.order("X", 0))
    assert market.says(market.order("X", 100)) == [
        "Execution(X) Rejected Rejected DuplicateOrder 100 0 0 0"
    ]
    assert market.says(market.order("X", 100, "97=Y|")) == [
        "Execution(X) OrderStatus Rejected Other 100 0 0 0"
    ]


def test_the_cl_ord_id_of_a_request_is_none_for_an_order_even_if_it_is_resent() -> None:
    market = Market()
    market.says(market.order("X", 100), market.cancel("Y", "X"))
    assert market.says(market.order("Y", 100, "97=Y|")) == [
        "Execution(Y) Rejected PendingCancel DuplicateOrder 100 0 100 0"
    ]


def test_a_reason_that_a_version_does_not_list_is_the_brokers_choice() -> None:
    assert refused("40=3|99=1|", version=b"FIX.4.2")[0] == "0"
    assert refused("55=NONE|", version=b"FIX.4.2")[0] == "1"
