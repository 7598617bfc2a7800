"""What a connection string says, and whether the driver can work with it at all."""

import re
from collections.abc import Iterator

from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

ENCODING = "UTF8"

_NOWHERE = "/no server is asked"
"""Stands for each host: the driver checks all settings before it finds that no socket is there."""

_REACHED = re.compile(f"{_NOWHERE}|over a local socket")
_UNKNOWN = re.compile(r'invalid (?:connection option|URI query parameter):? "(\w+)"')
_OPTION_NAMED = re.compile(r'connection option "(\w+)"$')
_UNREADABLE = (
    "it can't be read, or names an option that libpq does not know: in a URL % is written %25, "
    "& %26, = %3D; elsewhere a value with blanks is written in single quotes"
)
_WHOLE = (
    "connect_timeout",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "tcp_user_timeout",
)
_OPTION = re.compile(r"(?:-c\s*|--)([\w.-]+)\s*=")


def given(dsn: str) -> dict[str, str]:
    """Return what a connection string says, and the service that it names.

    Raises psycopg.ProgrammingError when it can't be read.
    """
    defaults = {each.keyword: each.val for each in pq.Conninfo.get_defaults()}
    said = {
        each.keyword.decode(): each.val.decode()
        for each in _tried(dsn).info
        if each.val is not None and each.val != defaults.get(each.keyword)
    }
    return {**said, **{name: str(value) for name, value in conninfo_to_dict(dsn).items()}}


def server(dsn: str) -> str:
    """Return host and port of the server that a connection string with a single one names."""
    said = given(dsn)
    host = said.get("host") or said.get("hostaddr") or "the server"
    return f"{host}:{said['port']}" if "port" in said else host


def refusal(dsn: str) -> str:
    """Return why the driver can't use a connection string, empty when it can.

    Nothing of it is quoted where it has a password, which may not be where it should.
    """
    try:
        said = given(dsn)
    except ProgrammingError as error:
        return _unquoted(" ".join(str(error).split())) if _may_quote(dsn) else _UNREADABLE
    if "@" in said.get("host", "").removeprefix("@"):
        return "there is an @ in its host: one that belongs to the password is written %40"
    for name in _WHOLE:
        if not re.fullmatch(r"\s*-?[0-9]{1,9}\s*", said.get(name, "0")):
            value = f"is {said[name]!r}, and " if _may_quote(dsn) else ""
            return f"{name} {value}must be a whole number"
    failure = " ".join(_tried(dsn).get_error_message().split())
    if _REACHED.search(failure):
        return ""
    return failure if _may_quote(dsn) else _unquoted(failure)


def _may_quote(dsn: str) -> bool:
    return "@" not in dsn and "pass" not in dsn and "secret" not in dsn


def _unquoted(failure: str) -> str:
    """Return libpq's words with nothing quoted but the name of an option that it knows."""
    if unknown := _UNKNOWN.match(failure):
        return f"{unknown[1]} is no option of libpq's"
    before, quote, _ = failure.partition('"')
    option = _OPTION_NAMED.search(failure)
    after = f" for {option[1]}" if quote and option else ""
    return f"{before.strip(' :')}{after}" or _UNREADABLE


def set_otherwise(dsn: str, *, settings: frozenset[str]) -> Iterator[str]:
    """Yield what a connection string sets that the engine sets itself: these, and a few more."""
    said = given(dsn)
    if said.get("target_session_attrs", "read-write") != "read-write":
        yield "target_session_attrs"
    if said.get("client_encoding", ENCODING).upper().replace("-", "") != ENCODING:
        yield "client_encoding"
    if "replication" in said:
        yield "replication"
    for name in _OPTION.findall(said.get("options", "")):
        setting = name.lower().replace("-", "_")
        if setting in settings or setting.startswith("enable_"):
            yield setting


def _tried(dsn: str) -> pq.abc.PGconn:
    said = conninfo_to_dict(dsn)
    hosts = str(said.get("host") or said.get("hostaddr") or "").split(",")
    return pq.PGconn.connect_start(
        make_conninfo(dsn, host=",".join(_NOWHERE for _ in hosts), hostaddr="").encode()
    )
