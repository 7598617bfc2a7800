"""Query parameters of a page of executions, and the way back to a query string."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from fixengine.http.problems import ParameterError
from fixengine.ports import ExecutionQuery

LARGEST_ID = 2**31 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_PAGE = 1000


def read_query(parameters: Mapping[str, str | list[str]]) -> ExecutionQuery:
    """Return the query that `parameters` ask for; raises ParameterError for the first mistake."""
    fields: dict[str, Any] = {}
    for name, text in parameters.items():
        if name not in _PARAMETERS:
            known = ", ".join(_PARAMETERS)
            raise ParameterError(name, f"{name} is not a parameter: there are {known}")
        if isinstance(text, list):
            raise ParameterError(name, f"{name} is given {len(text)} times: give it once")
        field, parse = _PARAMETERS[name]
        try:
            fields[field] = parse(text)
        except ValueError as error:
            raise ParameterError(name, f"{name} is {text!r}: {error}") from error
    return ExecutionQuery(**fields)


def read_id(text: str) -> int:
    """Return an id; raises ValueError unless it is a decimal number from 1 to LARGEST_ID."""
    return _whole(text, LARGEST_ID)


def _limit(text: str) -> int:
    return _whole(text, _LARGEST_PAGE)


def _whole(text: str, largest: int) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text) or int(text) > largest:
        raise ValueError(f"give a whole number from 1 to {largest}")
    return int(text)


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("give true or false")
    return text == "true"


def _word(text: str) -> str:
    if not text or "\0" in text:
        raise ValueError("give a value, or leave the parameter out")
    return text


def _moment(text: str) -> datetime:
    try:
        if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", text):
            return _EPOCH + timedelta(microseconds=int(Decimal(text).scaleb(6)))
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(
        "give ISO 8601 with an offset or Z (a + is written %2B), or seconds since 1970"
    )


_PARAMETERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "limit": ("limit", _limit),
    "before": ("before_id", read_id),
    "isOpen": ("is_open", _boolean),
    "status": ("status", _word),
    "ticker": ("ticker", _word),
    "tradeType": ("trade_type", _word),
    "destination": ("destination", _word),
    "executionServiceId": ("execution_service_id", read_id),
    "receivedSince": ("received_since", _moment),
    "receivedUntil": ("received_until", _moment),
}
