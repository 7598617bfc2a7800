"""How a value of each of the standard's types is written; longer numbers than these are refused."""

import re
from datetime import datetime, timedelta

_UNSIGNED = rb"\d{1,18}"
_DECIMAL = rb"-?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})"
_DATE = rb"\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_TIME = rb"(?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:\.\d{1,12})?)?"
_TIMESTAMP = re.compile(rb"\d{8}-(?:[01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(?:\.\d{1,12})?")
_WRITTEN = b"%04d%02d%02d-%02d:%02d:%02d.%03d"

_PATTERNS = {
    "Boolean": rb"[YN]",
    "Country": rb"[A-Z]{2}",
    "Currency": rb"[A-Z]{3}",
    "DayOfMonth": rb"[1-9]|[12]\d|3[01]",
    "LocalMktDate": _DATE,
    "MonthYear": rb"\d{4}(?:0[1-9]|1[0-2])(?:w[1-5]|[0-2]\d|3[01])?",
    "TagNum": rb"[1-9]\d{0,8}",
    "UTCDate": _DATE,
    "UTCDateOnly": _DATE,
    "UTCTimeOnly": _TIME,
    "char": rb"[^\x00-\x1f]",
    "int": rb"-?\d{1,18}",
    **dict.fromkeys(("Length", "NumInGroup", "SeqNum"), _UNSIGNED),
    **dict.fromkeys(("Amt", "Percentage", "Price", "PriceOffset", "Qty", "float"), _DECIMAL),
}
_COMPILED = {kind: re.compile(pattern) for kind, pattern in _PATTERNS.items()}


def fits(kind: str, value: bytes) -> bool:
    """Say whether a value is written as its type wants it; of a text or of data anything is."""
    if kind == "UTCTimestamp":
        return read_timestamp(value) is not None
    pattern = _COMPILED.get(kind)
    return pattern is None or pattern.fullmatch(value) is not None


def read_timestamp(value: bytes) -> datetime | None:
    """Return the time, to the microsecond; None if it is none. A leap second is the next one."""
    found = _TIMESTAMP.fullmatch(value)
    if found is None:
        return None
    text, is_leap = value.decode(), found[1] == b"60"
    if is_leap:
        text = f"{text[: found.start(1)]}59{text[found.end(1) :]}"
    try:
        moment = datetime.fromisoformat(f"{text}+00:00")
        return moment + timedelta(seconds=1) if is_leap else moment
    except (ValueError, OverflowError):  # no such day; after the year 9999
        return None


def write_timestamp(moment: datetime) -> bytes:
    """Write a time down, to the millisecond."""
    day = moment.year, moment.month, moment.day
    return _WRITTEN % (*day, moment.hour, moment.minute, moment.second, moment.microsecond // 1000)
