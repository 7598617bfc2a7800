"""When the day of a FIX session ends."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.rules.trading_day import TradingDay

NEW_YORK = ZoneInfo("America/New_York")
DAILY = TradingDay(ends_at=time(17), zone=NEW_YORK)
MIDNIGHT = TradingDay(ends_at=time(0))
WEEKLY = TradingDay(ends_at=time(17), weekday=4, zone=NEW_YORK)
AT_NIGHT = TradingDay(ends_at=time(2, 30), zone=NEW_YORK)

moments = st.integers(0, 40 * 365 * 86_400).map(
    lambda seconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
days = st.builds(
    TradingDay,
    ends_at=st.times(),
    weekday=st.none() | st.integers(0, 6),
    zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]).map(ZoneInfo),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_day_ends_by_the_clock_of_its_zone() -> None:
    assert DAILY.end(utc("2026-01-15 12:00")) == utc("2026-01-15 22:00")
    assert DAILY.end(utc("2026-07-15 12:00")) == utc("2026-07-15 21:00")


def test_the_time_of_the_end_belongs_to_the_next_day() -> None:
    assert DAILY.end(utc("2026-01-15 21:59:59")) == utc("2026-01-15 22:00")
    assert DAILY.end(utc("2026-01-15 22:00")) == utc("2026-01-16 22:00")
    assert DAILY.last_reset(utc("2026-01-15 21:59:59")) == utc("2026-01-14 22:00")
    assert DAILY.last_reset(utc("2026-01-15 22:00")) == utc("2026-01-15 22:00")


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (DAILY, "2026-01-15 22:00"),
        (MIDNIGHT, "2026-01-16 00:00"),
        (TradingDay(), "2026-01-16 00:00"),
        (TradingDay(ends_at=time(17), zone=ZoneInfo("Asia/Tokyo")), "2026-01-15 08:00"),
    ],
)
def test_a_date_has_its_end_by_the_clock_of_the_zone(day: TradingDay, end: str) -> None:
    assert day.end_of(date(2026, 1, 15)) == utc(end)


def test_numbers_that_begin_at_midnight_do_not_begin_twice() -> None:
    began = utc("2026-03-02 00:00")
    for later in (0, 1, 43_200, 86_399):
        assert MIDNIGHT.last_reset(began + timedelta(seconds=later)) == began
    assert MIDNIGHT.last_reset(utc("2026-03-03 00:00")) == utc("2026-03-03 00:00")


@pytest.mark.parametrize("noon", ["2026-03-08 16:00", "2026-11-01 17:00"])
def test_who_comes_back_at_noon_of_a_day_with_another_length_goes_on(noon: str) -> None:
    came, back = utc(noon) - timedelta(hours=3), utc(noon)
    assert DAILY.last_reset(came) == DAILY.last_reset(back)


def test_a_time_that_a_day_leaves_out_comes_an_hour_later() -> None:
    assert AT_NIGHT.end(utc("2026-03-08 05:00")) == utc("2026-03-08 07:30")
    assert AT_NIGHT.end(utc("2026-03-08 07:30")) == utc("2026-03-09 06:30")


def test_a_time_that_is_left_out_around_midnight_comes_on_the_next_day() -> None:
    before_midnight = TradingDay(ends_at=time(23, 45), zone=ZoneInfo("America/Toronto"))
    assert before_midnight.end(utc("1919-03-31 04:35")) == utc("1919-03-31 04:45")


def test_of_a_time_that_comes_twice_the_first_counts() -> None:
    at_half_past_one = TradingDay(ends_at=time(1, 30), zone=NEW_YORK)
    assert at_half_past_one.end(utc("2026-11-01 04:00")) == utc("2026-11-01 05:30")
    assert at_half_past_one.end(utc("2026-11-01 05:30")) == utc("2026-11-02 06:30")


def test_numbers_of_a_week_begin_anew_on_one_day_and_orders_end_on_each() -> None:
    wednesday = utc("2026-01-14 12:00")
    assert WEEKLY.last_reset(wednesday) == utc("2026-01-09 22:00")
    assert WEEKLY.next_reset(wednesday) == utc("2026-01-16 22:00")
    assert WEEKLY.next_reset(utc("2026-01-16 22:00")) == utc("2026-01-23 22:00")
    assert WEEKLY.end(wednesday) == utc("2026-01-14 22:00")


def test_without_an_end_of_day_numbers_never_begin_anew_and_orders_end_at_midnight() -> None:
    day = TradingDay(zone=NEW_YORK)
    noon = utc("2026-01-15 17:00")
    assert (day.last_reset(noon), day.next_reset(noon)) == (None, None)
    assert day.end(noon) == utc("2026-01-16 05:00")


@given(day=days, now=moments)
def test_now_lies_between_two_resets_and_before_an_end(day: TradingDay, now: datetime) -> None:
    last, following, end = day.last_reset(now), day.next_reset(now), day.end(now)
    assert last is not None
    assert following is not None
    assert last <= now < end <= following
    assert end - now <= timedelta(days=2)
    assert day.next_reset(last) == following
