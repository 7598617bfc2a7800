"""How long an order may be filled: for the day, until a time, at once, or until it is cancelled."""

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from fixengine.fix.formats import read_timestamp
from fixengine.fix.message import Message
from fixengine.rules.trading_day import TradingDay
from fixengine.rules.values import TimeInForce
from fixengine.trading import tags
from fixengine.trading.codes import Tif
from fixengine.trading.objections import ObjectionError, Why, named

_YEARS = range(1970, 9999)
_AT_ONCE = {Tif.IMMEDIATE_OR_CANCEL: TimeInForce.IOC, Tif.FILL_OR_KILL: TimeInForce.FOK}
_SERVED = {Tif.DAY, Tif.GOOD_TILL_CANCEL, Tif.GOOD_TILL_DATE, *_AT_ONCE}

_end = lru_cache(maxsize=16)(TradingDay.end)  # orders that come together have one time


class Lasting(NamedTuple):
    """How long an order may be filled: the code of TimeInForce(59), and what it means."""

    code: bytes
    expires_at: datetime | None = None
    time_in_force: TimeInForce | None = None


def ending(message: Message, day: TradingDay, now: datetime) -> Lasting:
    """Return it; the day, where TimeInForce(59) is missing. Raises ObjectionError."""
    code = message.get(tags.TIME_IN_FORCE) or Tif.DAY
    if code not in _SERVED:
        raise ObjectionError(
            Why.UNSUPPORTED,
            "TimeInForce(59) is not served: give 0 (day), 1 (until cancelled), "
            "3 (immediate or cancel), 4 (fill or kill) or 6 (until a date or a time)",
        )
    asked = asked_end(message, day)
    if code == Tif.GOOD_TILL_DATE:
        if asked is None:
            raise ObjectionError(
                Why.OTHER, "TimeInForce(59) 6 needs ExpireTime(126) or ExpireDate(432): give one"
            )
        if asked <= now:
            tag = tags.EXPIRE_TIME if message.get(tags.EXPIRE_TIME) else tags.EXPIRE_DATE
            raise ObjectionError(Why.TOO_LATE, f"{named(tag)} has passed: give a later one")
        return Lasting(code, asked)
    if asked is not None:
        raise ObjectionError(
            Why.OTHER, "ExpireTime(126) and ExpireDate(432) need TimeInForce(59) 6: leave them out"
        )
    return Lasting(code, _end(day, now) if code == Tif.DAY else None, _AT_ONCE.get(code))


def asked_end(message: Message, day: TradingDay) -> datetime | None:
    """Return ExpireTime(126), or when the day of ExpireDate(432) ends; None if neither is there.

    It has milliseconds, as reports have: a client may ask for what they say. Raises ObjectionError
    where both are there and differ, or the year is far from now.
    """
    time, date = message.get(tags.EXPIRE_TIME), message.get(tags.EXPIRE_DATE)
    if time is None and date is None:
        return None
    ends = {_time(time)} if time else set()
    if date:
        ends.add(_date(date, day))
    found = ends.pop()
    if found is None or ends:
        raise ObjectionError(
            Why.OTHER, "give either ExpireTime(126) or ExpireDate(432), and one that there is"
        )
    return found


def _time(written: bytes) -> datetime | None:
    found = read_timestamp(written)
    if found is None or found.year not in _YEARS:
        return None
    return found.replace(microsecond=found.microsecond // 1_000 * 1_000)


def _date(written: bytes, day: TradingDay) -> datetime | None:
    found = _time(b"%b-00:00:00" % written)
    return None if found is None else day.end_of(found.date())
