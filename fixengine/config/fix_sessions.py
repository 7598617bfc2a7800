"""The file FIX_SESSIONS: who may log on by FIX, and what was agreed on with whom.

It is TOML, a table `[[session]]` for each; `FIELDS` has what one may say. With `peer = "*"` it is
for every client that has no session of its own.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fixengine.config.passwords import password_hash
from fixengine.config.settings import Settings
from fixengine.errors import ConfigError
from fixengine.fix.dictionary import versions
from fixengine.fix.settings import SessionSettings
from fixengine.ports.fix import Identity
from fixengine.rules.trading_day import TradingDay

_ANYBODY = "*"
_LONGEST_HEARTBEAT = 3_600
_NAMES = {"version", "own", "peer"}
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_COMP_ID = re.compile(r"[!-~]([ -~]{0,62}[!-~])?")
_DESTINATION = re.compile(r"[!-~]([ -~]{0,18}[!-~])?")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What was agreed on with a client; heartbeats are in seconds, both bounds included.

    `password` is a hash, None where no password is asked for; with it, `username` is Username(553),
    None for any. `certificates` are the names of which the client's certificate must have one;
    empty where none is asked for.
    """

    identity: Identity
    destination: str
    password: str | None
    username: bytes | None
    certificates: frozenset[str]
    shortest_heartbeat_seconds: int
    longest_heartbeat_seconds: int
    day: TradingDay

    @property
    def session_settings(self) -> SessionSettings:
        """What the session has to know of it."""
        return SessionSettings(
            own=self.identity.own,
            peer=self.identity.peer,
            dictionary=versions()[self.identity.begin],
            shortest_heartbeat_seconds=self.shortest_heartbeat_seconds,
            longest_heartbeat_seconds=self.longest_heartbeat_seconds,
        )


class Agreements:
    """All that were agreed on."""

    def __init__(self, agreements: Sequence[Agreement]) -> None:
        self._known = {each.identity: each for each in agreements}

    def of(self, identity: Identity) -> Agreement | None:
        """Return that with a client, else that with anybody, as this client's; None if none is."""
        anybody = identity._replace(peer=_ANYBODY.encode())
        if identity == anybody:
            return None  # nobody is called so
        found = self._known.get(identity) or self._known.get(anybody)
        return None if found is None else replace(found, identity=identity)


def load_sessions(settings: Settings) -> Agreements:
    """Read the file that the settings name; raise ConfigError with all mistakes together."""
    agreements, problems = _read(settings, frozenset())
    if problems:
        raise ConfigError(problems)
    return Agreements(agreements)


def session_problems(settings: Settings, unread: Set[str]) -> tuple[str, ...]:
    """Return all mistakes in that file; fields that are `unread` have one of their own."""
    if "fix_sessions" in unread:
        return ()
    return _read(settings, unread)[1]


def _read(settings: Settings, unread: Set[str]) -> tuple[Sequence[Agreement], tuple[str, ...]]:
    """Return what a file says, and what is wrong with it."""
    has_authorities = settings.fix_tls_client_ca is not None or "fix_tls_client_ca" in unread
    reader = _Reader(shows_certificates=has_authorities)
    try:
        tables = enumerate(_tables(settings.fix_sessions), 1)
    except ValueError as error:
        return (), (str(error),)
    agreements = [reader.agreement(place, table) for place, table in tables]
    return [each for each in agreements if each is not None], tuple(reader.problems)


def _tables(path: str | None) -> Sequence[object]:
    """Return the tables of a file, not checked; raise ValueError with what to do."""
    if path is None:
        raise ValueError("FIX_SESSIONS is not set, so nobody could log on: give a file of sessions")
    try:
        content = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise ValueError(
            f"FIX_SESSIONS is {path!r}, which can't be read ({error.strerror}): give a file in TOML"
        ) from error
    except UnicodeDecodeError:  # which would quote the file
        raise ValueError(f"FIX_SESSIONS is {path!r}, which is not in UTF-8: correct it") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"FIX_SESSIONS is {path!r}, which is no TOML: {error}") from error
    tables = content.get("session")
    if content.keys() != {"session"} or not isinstance(tables, list) or not tables:
        found = f"has {', '.join(content)} in it" if content else "is empty"
        remedy = "write one [[session]] or several, and nothing else"
        raise ValueError(f"FIX_SESSIONS is {path!r}, which {found}: {remedy}")
    return tables


class _Reader:
    """Reads tables one after the other, and collects what is wrong with them."""

    def __init__(self, *, shows_certificates: bool) -> None:
        self.problems: list[str] = []
        self._shows_certificates = shows_certificates
        self._seen: dict[Identity, int] = {}

    def agreement(self, place: int, table: object) -> Agreement | None:
        """Return what a table says, None if any of it is wrong."""
        if not isinstance(table, dict):
            self.problems.append(f"FIX_SESSIONS, session {place} is no table: write [[session]]")
            return None
        names = [str(table[name]) for name in ("own", "peer") if isinstance(table.get(name), str)]
        who = f"FIX_SESSIONS, session {place}" + (f" ({', '.join(names)})" if names else "")
        values: dict[str, Any] = {}
        wrong = [*_strangers(table)]
        for name, field in FIELDS.items():
            try:
                values[name] = field.value(table.get(name))
            except ValueError as error:
                value = table.get(name)
                shown = "missing" if value is None else field.shown(value)
                wrong.append(f"{name} is {shown}: {error}")
        wrong += self._contradictions(place, values)
        self.problems += (f"{who}, {each}" for each in wrong)
        return None if wrong else _agreement(values)

    def _contradictions(self, place: int, values: Mapping[str, Any]) -> Iterator[str]:
        """Yield what does not go together, as far as the values could be read."""
        if values.keys() >= _NAMES:
            other = self._seen.setdefault(_identity(values), place)
            if other != place:
                yield f"peer and own are those of session {other}: remove one of the two"
        absent = {name for name, value in values.items() if value is None}
        if values.get("end_of_week") is not None and "end_of_day" in absent:
            yield "end_of_week needs end_of_day: write both"
        if values.get("username") is not None and "password" in absent:
            yield "username needs password: write both, or neither"
        if values.get("certificates") and not self._shows_certificates:
            yield "certificates need FIX_TLS_CLIENT_CA, the authorities that sign them: set it"


def _strangers(table: Mapping[str, object]) -> Iterator[str]:
    for name in sorted(table.keys() - FIELDS.keys()):
        near = get_close_matches(name, FIELDS, n=1)
        yield f"{name} is not known: " + (f"write {near[0]}, or remove it" if near else "remove it")


def _identity(values: Mapping[str, Any]) -> Identity:
    return Identity(values["version"], values["own"], values["peer"])


def _agreement(values: Mapping[str, Any]) -> Agreement:
    return Agreement(
        identity=_identity(values),
        destination=values["destination"],
        password=values["password"],
        username=values["username"],
        certificates=values["certificates"],
        shortest_heartbeat_seconds=values["heartbeat"][0],
        longest_heartbeat_seconds=values["heartbeat"][1],
        day=TradingDay(
            ends_at=values["end_of_day"], weekday=values["end_of_week"], zone=values["time_zone"]
        ),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("write a text in quotes")  # noqa: TRY004 - of a file, as all mistakes
    return value


def _own(value: object) -> bytes:
    if not _COMP_ID.fullmatch(text := _text(value)) or text == _ANYBODY:
        raise ValueError("write a CompID, 1 to 64 visible ASCII characters")
    return text.encode()


def _peer(value: object) -> bytes:
    return b"*" if value == _ANYBODY else _own(value)


def _version(value: object) -> bytes:
    known = {each.decode(): each for each in versions()}
    if (text := _text(value)) not in known:
        raise ValueError(f"write one of {', '.join(sorted(known))}")
    return known[text]


def _destination(value: object) -> str:
    if not _DESTINATION.fullmatch(text := _text(value)):
        raise ValueError("write 1 to 20 visible ASCII characters")
    return text


def _password(value: object) -> str:
    return password_hash(_text(value))


def _username(value: object) -> bytes:
    if not _COMP_ID.fullmatch(text := _text(value)):
        raise ValueError("write 1 to 64 visible ASCII characters")
    return text.encode()


def _certificates(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not value or not all(_is_name(each) for each in value):
        raise ValueError('write a list of names, such as ["oms1.example.com"]')
    return frozenset(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _heartbeat(value: object) -> tuple[int, int]:
    match value:
        case [int(low), int(high)] if not {type(low), type(high)} & {bool}:
            if 0 <= low <= high <= _LONGEST_HEARTBEAT and high:
                return low, high
    raise ValueError(
        f"write the shortest and the longest in seconds, 0 to {_LONGEST_HEARTBEAT}, such as [5, 60]"
    )


def _end_of_day(value: object) -> time:
    if not (found := _TIME.fullmatch(_text(value))):
        raise ValueError('write a time such as "17:00"')
    return time(int(found[1]), int(found[2]))


def _end_of_week(value: object) -> int:
    if (text := _text(value)) not in _WEEKDAYS:
        raise ValueError(f"write one of {', '.join(_WEEKDAYS)}")
    return _WEEKDAYS.index(text)


def _time_zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(_text(value))
    except (ZoneInfoNotFoundError, OSError, ValueError):  # a folder of the data; an absolute path
        raise ValueError('write a name of the IANA, such as "America/New_York"') from None


class Field(NamedTuple):
    """How a field is read. Of what is absent, `default` is returned; a required one has none."""

    parse: Callable[[object], object]
    default: object = None
    required: bool = False
    secret: bool = False

    def value(self, given: object) -> object:
        """Return what a table says; raise ValueError with the remedy."""
        if given is None and not self.required:
            return self.default
        return self.parse(given)

    def shown(self, given: object) -> str:
        """Return what may be shown of a wrong value."""
        return "a value (not shown) that can't be used" if self.secret else repr(given)


FIELDS: Mapping[str, Field] = {
    "own": Field(_own, required=True),
    "peer": Field(_peer, required=True),
    "version": Field(_version, default=b"FIX.4.4"),
    "destination": Field(_destination, required=True),
    "password": Field(_password, secret=True),
    "username": Field(_username),
    "certificates": Field(_certificates, default=frozenset()),
    "heartbeat": Field(_heartbeat, default=(1, _LONGEST_HEARTBEAT)),
    "end_of_day": Field(_end_of_day),
    "end_of_week": Field(_end_of_week),
    "time_zone": Field(_time_zone, default=UTC),
}
