"""What reports say, field by field, in both versions of FIX."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from fixengine.fix.message import Message
from fixengine.trading.echo import ECHOED
from fixengine.trading.reports import ReportWriter, event_id
from fixengine.trading.values import Evaluated, Standing
from tests.support.fix.customer import BEGAN
from tests.support.fix.market import Market

_OF_ALL = {34, 35, 49, 52, 56}


def shown(message: Message) -> str:
    return "|".join(
        f"{tag}={value.decode('latin-1')}"
        for tag, value in sorted(message.fields)
        if tag not in _OF_ALL
    )


def ordered(version: bytes = b"FIX.4.4", more: str = "40=2|44=10.50|1=ACC|") -> Market:
    market = Market(version)
    market.says(market.order("X", "100.50", more))
    return market


def test_a_new_order_is_told_with_all_its_terms() -> None:
    assert shown(ordered().last[0]) == (
        "1=ACC|6=0|11=X|14=0|17=1-0|37=1|38=100.5|39=0|40=2|44=10.5|54=1|55=IBM|"
        "59=0|60=20260302-09:30:00.000|150=0|151=100.5"
    )


def test_a_fill_is_told_with_its_price_and_the_sums() -> None:
    market = ordered()
    market.fills("X", 3, "10")
    market.fills("X", 3, "10.0001")
    market.hears()
    assert shown(market.last[1]) == (
        "1=ACC|6=10.0001|11=X|14=6|17=1-2|31=10.0001|32=3|37=1|38=100.5|39=1|40=2|44=10.5|"
        "54=1|55=IBM|59=0|60=20260302-09:30:01.000|150=F|151=94.5"
    )


def test_fix_4_2_tells_the_same_in_its_own_way() -> None:
    market = ordered(b"FIX.4.2")
    assert shown(market.last[0]) == (
        "1=ACC|6=0|11=X|14=0|17=1-0|20=0|37=1|38=100.5|39=0|40=2|44=10.5|54=1|"
        "55=IBM|59=0|60=20260302-09:30:00.000|150=0|151=100.5"
    )
    market.fills("X", "0.5")
    market.fills("X", 100)
    market.hears()
    codes = [tuple(each.get(tag) for tag in (20, 150, 39)) for each in market.last]
    assert codes == [(b"0", b"1", b"1"), (b"0", b"2", b"2")]
    market.says(market.status("X"))
    assert [market.last[0].get(tag) for tag in (20, 150, 39, 17)] == [b"3", b"2", b"2", b"0"]
    market.says(market.status("Y"))
    assert [market.last[0].get(tag) for tag in (20, 150, 39, 103)] == [b"3", b"8", b"8", b"5"]


def test_in_fix_4_2_an_order_that_is_replaced_says_so_while_nothing_is_filled() -> None:
    market = ordered(b"FIX.4.2", "")
    market.says(market.replace("Y", "X", 200))
    market.decides()
    market.hears()
    assert [market.last[0].get(tag) for tag in (20, 150, 39)] == [b"0", b"5", b"5"]
    market.fills("X", 10)
    market.hears()
    market.says(market.replace("Z", "Y", 300))
    assert [market.last[0].get(tag) for tag in (20, 150, 39)] == [b"0", b"E", b"E"]
    market.decides()
    market.hears()
    assert [market.last[0].get(tag) for tag in (20, 150, 39)] == [b"0", b"5", b"1"]


def test_in_fix_4_2_a_fill_while_a_request_is_pending_says_whether_the_order_is_full() -> None:
    market = ordered(b"FIX.4.2", "")
    market.says(market.cancel("Y", "X"))
    market.fills("X", "100.5")
    market.hears()
    assert [market.last[0].get(tag) for tag in (150, 39)] == [b"2", b"6"]


@pytest.mark.parametrize("version", [b"FIX.4.2", b"FIX.4.4"])
def test_a_refused_order_comes_back_with_what_it_said(version: bytes) -> None:
    market = Market(version)
    market.says(market.order("X", 5, "55=NONE|40=2|44=7|1=ACC|59=1|"))
    trans_type = "20=0|" if version == b"FIX.4.2" else ""
    assert shown(market.last[0]) == (
        f"1=ACC|6=0|11=X|14=0|17=7.{_micros()}.1|{trans_type}37=NONE|38=5|39=8|40=2|44=7|54=1|"
        "55=NONE|58=the security is not known: give its ticker as Symbol(55)|59=1|"
        "60=20260302-09:30:00.000|103=1|150=8|151=0"
    )


def test_the_rounding_of_the_average_is_the_engines() -> None:
    market = ordered()
    for price in ("10", "10", "10.0002"):
        market.fills("X", 1, price)
    market.hears()
    assert [each.get(6) for each in market.last] == [b"10", b"10", b"10.0001"]


SAID = {
    b"FIX.4.2": "15=USD|18=1 5|22=4|47=A|48=US4592001014|63=0|64=20260304|77=O|109=ann|167=CS|"
    "207=N|377=N|432=20260302|",
    b"FIX.4.4": "15=USD|18=1 5|22=4|48=US4592001014|63=0|64=20260304|77=O|167=CS|207=N|377=N|"
    f"432=20260302|526={'S' * 100}|528=A|529=1|581=1|582=1|583=L|660=1|",
}
"""All that a version's reports repeat, as an order may have it."""


@pytest.mark.parametrize("version", SAID)
def test_all_reports_of_an_order_repeat_what_it_said(version: bytes) -> None:
    market = Market(version)
    order = market.order("X", 100, f"59=6|{SAID[version]}")
    market.says(order, order, f"{order}97=Y|", market.status("X"))
    heard = [*market.last]
    market.fills("X", 40)
    market.says(market.replace("Y", "X", 80, "18=2|15=EUR|"))
    heard += market.last
    market.decides()
    market.hears()
    heard += market.last
    market.expires("X")
    market.hears()
    heard += market.last
    assert len(heard) == 8
    said = {field for field in SAID[version].split("|") if field}
    for report in heard:
        assert said <= {f"{tag}={value.decode()}" for tag, value in report.fields}
    known = ECHOED & market.dictionary.messages[b"D"].tags
    assert {int(field.partition("=")[0]) for field in said} == known


def test_what_a_report_repeats_is_not_long() -> None:
    market = Market()
    market.says(market.order("X", 100, f"526={'S' * 101}|"))
    assert market.last[0].get(39) == b"8"
    assert (market.last[0].get(58) or b"").startswith(b"SecondaryClOrdID(526) has more than 100")


def test_an_order_that_is_refused_finds_it_too() -> None:
    market = Market()
    market.says(market.order("X", 0, "77=C|15=USD|"))
    assert (market.last[0].get(39), market.last[0].get(77), market.last[0].get(15)) == (
        b"8",
        b"C",
        b"USD",
    )


def test_a_price_that_was_lost_with_a_database_is_left_out() -> None:
    market = ordered()
    market.fills("X", 1)
    waiting = market.waiting[0]
    assert isinstance(waiting, Evaluated)
    told = market.entry.tell([replace(waiting, fill=replace(waiting.fill, price=None))])
    tags = [tag for tag, _ in told.replies[0].fields]
    assert (32 in tags, 31 in tags) == (True, False)


def test_a_report_of_an_evaluation_names_it() -> None:
    market = ordered()
    order, execution = market.orders[1], market.execution("X")
    taken = ReportWriter(market.dictionary).taken(order, execution)
    assert (taken.execution_id, taken.number) == (1, 0)
    market.fills("X", 1)
    told = market.entry.tell(market.waiting).replies[0]
    assert (told.execution_id, told.number) == (1, 1)
    status = ReportWriter(market.dictionary).state(Standing(order, execution), asked=b"X")
    assert (status.execution_id, status.number) == (None, None)


def test_an_evaluation_that_fills_nothing_is_not_told() -> None:
    market = ordered()
    market.fills("X", 0)
    told = market.entry.tell(market.waiting)
    assert (told.replies, told.told) == ((), (1,))


def test_events_that_are_no_evaluation_have_ids_of_their_own() -> None:
    market = Market()
    first, second = market.message(market.order("X", 1)), market.message(market.order("X", 1))
    later = BEGAN + timedelta(microseconds=1)
    ids = {
        event_id(session, now, message)
        for session in (7, 8)
        for now in (BEGAN, later)
        for message in (first, second)
    }
    assert len(ids) == 8
    assert not any(b"-" in each for each in ids), "which those of evaluations have"


@pytest.mark.parametrize("quantity", ["0.00000001", "9999999999.99999999", "100.10", "007"])
def test_quantities_are_written_plainly(quantity: str) -> None:
    market = Market()
    market.says(market.order("X", quantity))
    written = (market.last[0].get(38) or b"").decode()
    assert "E" not in written
    assert Decimal(written) == Decimal(quantity)
    assert written == (written.rstrip("0").rstrip(".") if "." in written else written)


def _micros() -> int:
    return int(BEGAN.timestamp()) * 1_000_000
