"""Parameters in paths, queries and headers: how each is read, and how it is described."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fixengine.http.rest.problems import ParameterError
from fixengine.rules.values import Status, TradeType

LARGEST_ID = 2**31 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253_402_300_799  # seconds since 1970 at the end of the year 9999
_LARGEST_PAGE = 1000
_KEY_PATTERN = "[!-~]{1,255}"
_TAG_PATTERN = '"-?[0-9]{1,10}"|-?[0-9]{1,10}'  # a shell takes the quotes away
_LONGEST_SHOWN = 50  # characters of what a client sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of value: `read` raises ValueError with the remedy, `schema` is JSON Schema."""

    read: Callable[[str], object]
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter: its name, the field that it sets, and what it means."""

    name: str
    field: str
    kind: Kind
    meaning: str

    def read(self, text: str) -> Any:
        """Return its value; raises ParameterError."""
        try:
            return self.kind.read(text)
        except ValueError as error:
            raise ParameterError(self.name, f"{self.name} is {_shown(text)!r}: {error}") from error


def read_query(
    parameters: Mapping[str, str | list[str]], known: Sequence[Parameter]
) -> dict[str, Any]:
    """Return the fields that `parameters` set; raises ParameterError for the first mistake."""
    by_name = {parameter.name: parameter for parameter in known}
    fields: dict[str, Any] = {}
    for name, text in parameters.items():
        if name not in by_name:
            there = f"there are {', '.join(by_name)}" if by_name else "there are none here"
            raise ParameterError(name, f"{_shown(name)} is not a parameter: {there}")
        if isinstance(text, list):
            raise ParameterError(name, f"{name} is given {len(text)} times: give it once")
        parameter = by_name[name]
        fields[parameter.field] = parameter.read(text)
    return fields


def read_headers(header: Callable[[str], str | None], known: Sequence[Parameter]) -> dict[str, Any]:
    """Return the fields that headers set; raises ParameterError for the first mistake."""
    given = ((parameter, header(parameter.name)) for parameter in known)
    return {parameter.field: parameter.read(text) for parameter, text in given if text is not None}


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _whole(largest: int) -> Kind:
    def read(text: str) -> int:
        if not re.fullmatch(r"[1-9][0-9]{0,9}", text) or int(text) > largest:
            raise ValueError(f"give a whole number from 1 to {largest}")
        return int(text)

    return Kind(read=read, schema={"type": "integer", "minimum": 1, "maximum": largest})


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("give true or false")
    return text == "true"


def _word(text: str) -> str:
    if not text or "\0" in text:
        raise ValueError("give a value, or leave the parameter out")
    return text


def _one_of(kind: type[StrEnum]) -> Kind:
    words = [each.value for each in kind]
    *others, last = words

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"give {', '.join(others)} or {last}")
        return text

    return Kind(read=read, schema={"type": "string", "enum": words})


def _moment(text: str) -> datetime:
    try:
        if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", text):
            seconds = min(Decimal(text), Decimal(_LATEST + 1))
            return _EPOCH + timedelta(microseconds=int(seconds.scaleb(6)))
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(
        "give ISO 8601 with an offset or Z (a + is written %2B), or seconds since 1970"
    )


def _key(text: str) -> str:
    if not re.fullmatch(_KEY_PATTERN, text):
        raise ValueError("give 1 to 255 visible ASCII characters")
    return text


def _version(text: str) -> int | None:
    if text == "*":
        return None
    if not re.fullmatch(_TAG_PATTERN, text):
        raise ValueError("give one version, as the ETag of an answer, or *: any")
    return int(text.strip('"'))


_ID = _whole(LARGEST_ID)
_BOOLEAN = Kind(read=_boolean, schema={"type": "boolean"})
_WORD = Kind(read=_word, schema={"type": "string", "pattern": "^[^\\x00]+$"})
_MOMENT = Kind(
    read=_moment,
    schema={
        "anyOf": [
            {"type": "string", "format": "date-time"},
            {"type": "number", "minimum": 0, "maximum": _LATEST},
        ]
    },
)

ID = Parameter(name="id", field="id", kind=_ID, meaning="The execution's own id.")
LIMIT = Parameter(
    name="limit", field="limit", kind=_whole(_LARGEST_PAGE), meaning="At most so many, else 100."
)
FILTERS = (
    LIMIT,
    Parameter(name="before", field="before_id", kind=_ID, meaning="Only ids below this one."),
    Parameter(name="isOpen", field="is_open", kind=_BOOLEAN, meaning="Only open or closed ones."),
    Parameter(
        name="status", field="status", kind=_one_of(Status), meaning="Only with this status."
    ),
    Parameter(name="ticker", field="ticker", kind=_WORD, meaning="Only this ticker."),
    Parameter(
        name="tradeType",
        field="trade_type",
        kind=_one_of(TradeType),
        meaning="Only orders of this type.",
    ),
    Parameter(name="destination", field="destination", kind=_WORD, meaning="Only to there."),
    Parameter(
        name="executionServiceId",
        field="execution_service_id",
        kind=_ID,
        meaning="The order's id at execution-service.",
    ),
    Parameter(
        name="receivedSince",
        field="received_since",
        kind=_MOMENT,
        meaning="Only orders received then or later: ISO 8601, or seconds since 1970.",
    ),
    Parameter(
        name="receivedUntil",
        field="received_until",
        kind=_MOMENT,
        meaning="Only orders received before then: ISO 8601, or seconds since 1970.",
    ),
)
OF_CHANGES = (
    Parameter(
        name="Idempotency-Key",
        field="key",
        kind=Kind(read=_key, schema={"type": "string", "pattern": f"^{_KEY_PATTERN}$"}),
        meaning="Names the request: the same one again changes nothing, and gets the same answer.",
    ),
    Parameter(
        name="If-Match",
        field="version",
        kind=Kind(read=_version, schema={"type": "string", "pattern": f"^({_TAG_PATTERN}|[*])$"}),
        meaning="An execution's ETag: the request counts only for this version of it. *: for any.",
    ),
)
_AFTER = Parameter(name="after", field="after", kind=_ID, meaning="Only numbers above this one.")
PAGE_OF_FILLS = (LIMIT, _AFTER)

SESSION = Parameter(name="session", field="id", kind=_ID, meaning="The FIX session's own id.")
PAGE_OF_SESSIONS = (
    LIMIT,
    Parameter(name="after", field="after", kind=_ID, meaning="Only ids above this one."),
    Parameter(
        name="peerCompId",
        field="peer",
        kind=Kind(read=lambda text: _word(text).encode(), schema=_WORD.schema),
        meaning="Only those of this client.",
    ),
)
PAGE_OF_MESSAGES = (
    LIMIT,
    _AFTER,
    Parameter(
        name="generation",
        field="generation",
        kind=_ID,
        meaning="Of this one, else the present one.",
    ),
)
