"""Status requests, of one order and of all that are open."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from fixengine.trading.statuses import MOST_LISTED
from fixengine.trading.values import Listing, ListingPage, Standing
from tests.support.fix.customer import BEGAN
from tests.support.fix.market import END_OF_DAY, IBM, Market


def mass(kind: str, more: str = "") -> str:
    return f"35=AF|584=M|585={kind}|{more}"


def traded() -> Market:
    """Return a market with two open orders, one of each security, and one that is done."""
    market = Market()
    market.says(market.order("X", 100), market.order("Y", 200, "55=ORCL|"), market.order("Z", 300))
    market.fills("X", 40)
    market.fills("Z", 300)
    market.hears()
    return market


def test_a_status_tells_of_no_event() -> None:
    market = traded()
    market.says(market.status("X", "790=S|"))
    told = market.last[0]
    assert (told.get(17), told.get(150), told.get(790)) == (b"0", b"I", b"S")


def test_an_order_that_was_refused_is_unknown() -> None:
    market = Market()
    market.says(market.order("X", 0))
    assert market.says(market.status("X", "790=S|")) == [
        "Execution(X) OrderStatus Rejected UnknownOrder 0 0 0 0"
    ]
    assert market.last[0].get(790) == b"S"


def test_a_status_is_not_ahead_of_a_report_that_waits() -> None:
    market = traded()
    market.fills("X", 60)
    assert market.says(market.status("X")) == [
        "Execution(X) OrderStatus PartiallyFilled 100 40 60 0"
    ]
    assert market.hears() == ["Execution(X) Trade Filled 100 100 0 60"]


def test_an_order_whose_time_is_over_is_expired_ever_after() -> None:
    market = Market()
    market.says(market.order("X", 100))
    market.expires("X")
    market.hears()
    assert market.says(market.status("X")) == ["Execution(X) OrderStatus Expired 100 0 0 0"]


def cancelled(market: Market) -> None:
    market.says(market.cancel("Y", "X"))
    market.decides()


def replaced_by_what_is_filled(market: Market) -> None:
    market.fills("X", 40)
    market.says(market.replace("Y", "X", 10))
    market.decides()


ENDS: dict[str, tuple[str, Callable[[Market], None], bytes]] = {
    "filled": ("", lambda market: market.fills("X", 100), b"2"),
    "cancelled": ("", cancelled, b"4"),
    "cancelled by an operator": ("", lambda market: market.operator("X"), b"4"),
    "of a date, cancelled": ("59=6|432=20260302|", cancelled, b"4"),
    "replaced by what is filled": ("", replaced_by_what_is_filled, b"2"),
    "for the day": ("", lambda market: market.expires("X"), b"C"),
    "until a date": ("59=6|432=20260302|", lambda market: market.expires("X"), b"C"),
    "immediate or cancel": ("59=3|", lambda market: market.expires("X"), b"4"),
    "fill or kill": ("59=4|", lambda market: market.expires("X"), b"4"),
}


@pytest.mark.parametrize("late", [False, True], ids=["by day", "after the end of the day"])
@pytest.mark.parametrize(("more", "ends", "status"), ENDS.values(), ids=ENDS)
def test_all_that_tells_of_an_order_that_is_done_says_what_its_last_report_said(
    more: str, ends: Callable[[Market], None], status: bytes, *, late: bool
) -> None:
    market = Market()
    market.says(market.order("X", 100, more))
    if late:  # and no engine has ended it yet
        market.now = END_OF_DAY + timedelta(hours=1)
    ends(market)
    market.hears()
    (last,) = (each for each in market.last[-1:])
    assert last.get(39) == status
    market.now += timedelta(days=1)
    for asked in (
        market.status("X"),
        market.order("X", 100, "97=Y|"),
        market.order("X", 100),
        market.cancel("Z", "X"),
    ):
        market.says(asked)
        assert (asked, market.last[0].get(39)) == (asked, status)
    market.says(mass("7"))
    assert market.last[0].get(911) == b"0"


def test_a_request_that_comes_too_late_is_refused_with_the_status_of_the_last_report() -> None:
    market = Market()
    market.says(market.order("X", 100))
    market.now = END_OF_DAY + timedelta(hours=1)
    market.says(market.cancel("Y", "X"))
    market.operator("X")
    market.decides()
    market.hears()
    assert [(each.kind, each.get(39)) for each in market.last] == [(b"8", b"6"), (b"9", b"4")]


def test_all_open_orders_are_told_of_and_the_last_says_so() -> None:
    market = traded()
    assert market.says(mass("7")) == [
        "Execution(X) OrderStatus PartiallyFilled 100 40 60 0",
        "Execution(Y) OrderStatus New 200 0 200 0",
    ]
    places = [(each.get(584), each.get(911), each.get(912)) for each in market.last]
    assert places == [(b"M", b"2", b"N"), (b"M", b"2", b"Y")]


@pytest.mark.parametrize("security", ["55=IBM|", f"55=[N/A]|48={IBM}|22=100|"])
def test_open_orders_of_a_security_are_told_of(security: str) -> None:
    market = traded()
    assert market.says(mass("1", security)) == [
        "Execution(X) OrderStatus PartiallyFilled 100 40 60 0"
    ]
    assert (market.last[0].get(911), market.last[0].get(912)) == (b"1", b"Y")


def test_an_order_that_came_in_the_same_read_is_among_them_as_it_is_by_then() -> None:
    market = traded()
    answers = market.says(
        market.cancel("V", "X"), market.order("W", 5), market.replace("U", "W", 6), mass("7")
    )
    assert answers[3:] == [
        "Execution(X) OrderStatus PendingCancel 100 40 60 0",
        "Execution(Y) OrderStatus New 200 0 200 0",
        "Execution(W) OrderStatus PendingReplace 5 0 5 0",
    ]


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (mass("7"), b"5"),
        (mass("1", "55=IBM|"), b"5"),
        (mass("1", "55=?|"), b"1"),
        (mass("1"), b"1"),
    ],
)
def test_where_there_is_none_one_report_says_so(request_: str, reason: bytes) -> None:
    market = Market()
    assert len(market.says(request_)) == 1
    told = market.last[0]
    assert (told.get(37), told.get(39), told.get(103)) == (b"NONE", b"8", reason)
    assert (told.get(584), told.get(911), told.get(912)) == (b"M", b"0", b"Y")


def test_other_selections_are_not_served() -> None:
    market = traded()
    assert market.says(mass("2")) == ["BusinessMessageReject Other"]
    assert market.last[0].get(45) == b"4", "it names the message"


def test_more_orders_than_that_are_not_told_of() -> None:
    market = traded()
    listing = Listing(message=market.message(mass("7")), asked_at=BEGAN)
    one = Standing(market.orders[1], market.execution("X"))
    told = []
    for total in (MOST_LISTED, MOST_LISTED + 1):
        page = ListingPage(listing=listing, first=1, total=total, orders=[one])
        told.append([each.kind for each in market.entry.tell_status(page).replies])
    assert told == [[b"8"], [b"j"]]


def test_requests_that_come_together_are_answered_one_after_the_other() -> None:
    market = traded()
    market.says(mass("7"), mass("1", "55=ORCL|"), mass("7"))
    places = [(each.get(911), each.get(912)) for each in market.last]
    assert places == [(b"2", b"N"), (b"2", b"Y"), (b"1", b"Y"), (b"2", b"N"), (b"2", b"Y")]


def test_what_each_report_would_repeat_may_not_be_long() -> None:
    market = traded()
    assert market.says(f"35=AF|584={'M' * 101}|585=7|") == ["BusinessMessageReject Other"]
    assert len(market.says(f"35=AF|584={'M' * 100}|585=7|")) == 2
