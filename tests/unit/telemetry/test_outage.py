"""An outage is told once when it begins, and once when it is over."""

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from fixengine.telemetry.health import Health, Part
from fixengine.telemetry.metrics.engine import EngineMetrics
from fixengine.telemetry.outage import HoldUp, Outage, Outages
from tests.support.no_tree import NoTree


@pytest.fixture
def health() -> Health:
    metrics = EngineMetrics(CollectorRegistry())
    return Health(gauge=metrics.up, tree=NoTree(), hung_after=60)


def said(health: Health, part: str) -> str:
    parts = health.ready().body["parts"]
    assert isinstance(parts, dict)
    return str(parts[part]["said"])


def test_an_outage_is_logged_when_it_begins_and_when_it_is_over(
    lines: list[dict[str, Any]],
) -> None:
    outage = Outage("it broke", "it works again", level="ERROR", of="the wheel")
    outage.end()
    assert lines == []
    for reason in ("rust", "sand"):
        outage.begin(reason, spokes=3)
    was_on = outage.is_on
    for _ in range(2):
        outage.end()
    assert (was_on, outage.is_on) == (True, False)
    both = {"of": "the wheel", "times": 1}
    assert lines == [
        {"event": "it broke", "level": "ERROR", "reason": "rust", "spokes": 3, **both},
        {"event": "it works again", "level": "INFO", **both},
    ]


def test_an_outage_says_its_latest_reason_as_long_as_it_lasts() -> None:
    outage = Outage("it broke", "it works again")
    said = [outage.said]
    for reason in ("rust", "sand"):
        outage.begin(reason)
        said.append(outage.said)
    outage.end()
    assert [*said, outage.said] == ["", "it broke: rust", "it broke: sand", ""]


def test_outages_that_come_and_go_are_counted_as_any_event_is(lines: list[dict[str, Any]]) -> None:
    outage = Outage("it broke", "it works again")
    for _ in range(100):
        outage.begin("rust")
        outage.end()
    assert [line["event"] for line in lines] == ["it broke", "it works again"]


def test_a_part_waits_as_long_as_what_holds_it_up_and_says_the_latest_reason(
    health: Health,
) -> None:
    outage = Outage(
        "it broke", "it works again", holds_up=HoldUp(health, Part.STORING, "orders wait for it")
    )
    for reason in ("rust", "sand"):
        outage.begin(reason)
    assert said(health, Part.STORING) == "orders wait for it: sand"
    outage.end()
    assert said(health, Part.STORING) == ""


def test_the_end_of_an_outage_that_never_began_says_nothing_of_a_part(health: Health) -> None:
    holds_up = HoldUp(health, Part.STORING)
    health.waits(Part.STORING, "another reason")
    holds_up.end()
    assert said(health, Part.STORING) == "another reason"


def test_a_part_that_two_things_hold_up_waits_until_both_are_over(health: Health) -> None:
    orders = HoldUp(health, Part.STORING, "orders wait to be stored")
    tickers = HoldUp(health, Part.STORING, "orders wait for their tickers")
    orders.begin("no database")
    tickers.begin("no answer")
    tickers.end()
    assert said(health, "storing") == "orders wait to be stored: no database"
    tickers.begin("no answer again")
    orders.end()
    assert said(health, "storing") == "orders wait for their tickers: no answer again"
    tickers.end()
    assert said(health, "storing") == ""


def test_nor_does_one_that_begins_anew_let_go_of_what_the_other_holds_up(health: Health) -> None:
    HoldUp(health, Part.STORING, "orders wait to be stored").begin("no database")
    HoldUp(health, Part.STORING, "orders wait for their tickers")
    assert said(health, "storing") == "orders wait to be stored: no database"


def test_who_begins_anew_is_not_held_up_by_what_held_up_the_one_before(health: Health) -> None:
    HoldUp(health, Part.FILLING).begin("no prices")
    assert said(health, Part.FILLING) == "no prices"
    HoldUp(health, Part.FILLING)
    assert said(health, Part.FILLING) == ""


def test_each_kind_of_work_fails_until_it_works() -> None:
    outages = Outages[str](over_after=20)
    assert outages.reasons() == ()
    outages.begin("store", "no room")
    outages.begin("claim", "no right")
    outages.begin("store", "no room yet")
    assert outages.reasons() == ("no room yet", "no right")
    assert outages.end("store")
    assert not outages.end("store")
    assert outages.reasons() == ("no right",)


def test_what_is_not_tried_again_is_forgotten() -> None:
    now = 0.0
    outages = Outages[str](over_after=20, clock=lambda: now)
    outages.begin("store", "no room")
    outages.begin("claim", "no right")
    now += 19
    outages.begin("store", "no room yet")
    now += 2
    assert outages.reasons() == ("no room yet",)
