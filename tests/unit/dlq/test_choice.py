import argparse
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from fixengine.dlq.choice import Choice, OffsetRange, offsets, single
from fixengine.ports.kafka import EVER, Record
from fixengine.wire.letters import Letter, Place, read_letter

WRITTEN = datetime(2026, 7, 28, 12, tzinfo=UTC)
LETTER = read_letter(
    Record(
        topic="orders.dlq",
        partition=1,
        offset=17,
        key=None,
        value=None,
        headers=(("dlq.reason", b"limitPrice is -1"),),
        timestamp_ms=int(WRITTEN.timestamp() * 1000),
    )
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("17", (0, 17, 17)), ("17-20", (0, 17, 20)), ("3/17", (3, 17, 17)), ("3/0-9", (3, 0, 9))],
)
def test_places_are_written_as_they_are_listed(text: str, meant: tuple[int, int, int]) -> None:
    partition, first, last = meant
    assert offsets(text) == OffsetRange(partition=partition, first=first, last=last)


@pytest.mark.parametrize("text", ["", "x", "-1", "17-", "1/2/3", "20-17", "9" * 30, "\u0661"])
def test_what_is_no_place_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"give|turn"):
        offsets(text)


def test_one_letter_is_no_range() -> None:
    assert single("3/17") == OffsetRange(partition=3, first=17, last=17)
    with pytest.raises(argparse.ArgumentTypeError, match="give one"):
        single("17-18")


@pytest.mark.parametrize(
    ("choice", "taken"),
    [
        (Choice(since=EVER), True),
        (Choice(since=EVER, reason="LIMITPRICE"), True),
        (Choice(since=EVER, reason="quantity"), False),
        (Choice(since=WRITTEN), True),
        (Choice(since=WRITTEN + timedelta(milliseconds=1)), False),
        (Choice(since=EVER, offsets=(offsets("1/17"),)), True),
        (Choice(since=EVER, offsets=(offsets("17"), offsets("1/10-20"))), True),
        (Choice(since=EVER, offsets=(offsets("17"), offsets("1/18-20"))), False),
        (Choice(since=EVER, offsets=(offsets("1/17"),), reason="quantity"), False),
    ],
)
def test_everything_that_is_said_must_hold(choice: Choice, taken: bool) -> None:
    assert choice.takes(LETTER) is taken


def test_a_letter_of_no_known_time_is_always_recent() -> None:
    timeless: Letter = replace(LETTER, record=structs.replace(LETTER.record, timestamp_ms=None))
    assert Choice(since=WRITTEN + timedelta(days=1)).takes(timeless)


def test_reading_begins_at_the_first_letter_that_is_meant() -> None:
    several = (offsets("9"), offsets("3-4"), offsets("2/7"))
    assert Choice(since=EVER, offsets=several).beginnings() == {0: 3, 2: 7}
    assert Choice(since=EVER).beginnings() == {}
    assert Place(0, 4) in offsets("3-4")
