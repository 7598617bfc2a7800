"""Values are written as their types want it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.fix.formats import fits, read_timestamp, write_timestamp


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("int", ["0", "-7", "007"], ["", "+1", "1.0", "1 ", "x", "9" * 19, "-"]),
        ("Length", ["0", "12"], ["-1", "1.0"]),
        ("SeqNum", ["1"], ["-1", ""]),
        (
            "Qty",
            ["200", "-2.5", "002000.00", ".5", "5."],
            ["+200.00", "1e3", "", ".", "1,5", "NaN"],
        ),
        ("Price", ["0.1"], ["9" * 21]),
        ("Boolean", ["Y", "N"], ["y", "1", "YN"]),
        ("char", ["a", " "], ["ab", ""]),
        ("Currency", ["USD"], ["usd", "US"]),
        ("LocalMktDate", ["20260302"], ["20261301", "20260230x", "2026-03-02", "20260300"]),
        ("MonthYear", ["202603", "20260302", "202603w2"], ["202613", "2026w2"]),
        ("UTCTimeOnly", ["09:30:00", "23:59:60", "09:30:00.123456789012"], ["24:00:00", "9:30"]),
        ("UTCTimestamp", ["20260302-09:30:00"], ["20260302", "20260302-09:30:00,5"]),
        ("TagNum", ["34"], ["034", "0", "-1"]),
        ("String", ["anything \xfc"], []),
    ],
)
def test_a_type_takes_what_fits_and_nothing_else(
    kind: str, good: list[str], bad: list[str]
) -> None:
    assert [each for each in good if not fits(kind, each.encode("latin-1"))] == []
    assert [each for each in bad if fits(kind, each.encode("latin-1"))] == []


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))  # noqa: DTZ001 - made aware below
def test_a_time_that_is_written_is_read_again_to_the_millisecond(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    millis = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert read_timestamp(write_timestamp(moment)) == millis


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (b"20260302-09:30:00", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        (b"20260302-09:30:00.5", datetime(2026, 3, 2, 9, 30, 0, 500_000, UTC)),
        (b"20260302-09:30:00.123456789012", datetime(2026, 3, 2, 9, 30, 0, 123_456, UTC)),
        (b"20161231-23:59:60", datetime(2017, 1, 1, tzinfo=UTC)),
        (b"20260230-09:30:00", None),
        (b"20260302-24:00:00", None),
        (b"20260302-09:30:61", None),
        (b"99991231-23:59:60", None),
        (b"20260302-09:30:00.1234567890123", None),
        (b"20260302-09:30", None),
        (b"", None),
    ],
)
def test_a_time_has_up_to_twelve_decimals(text: bytes, moment: datetime | None) -> None:
    assert read_timestamp(text) == moment
