"""What the database's errors mean: the SQLSTATE decides which error of the engine one becomes."""

from dataclasses import dataclass

import psycopg

from fixengine.errors import (
    FixengineError,
    ImpairedError,
    LockedError,
    SchemaError,
    SlowQueryError,
    UnavailableError,
)
from fixengine.infra.postgres.driver.refusals import is_raised, refusal


@dataclass(frozen=True, slots=True)
class _Meaning:
    """Which error it is, what that means, and what can be done about it."""

    error: type[UnavailableError]
    said: str
    remedy: str = ""


_AWAY = _Meaning(UnavailableError, "the database is not available")
_ILL = _Meaning(ImpairedError, "the database has an internal error", "its log says more")
_NOT_OURS = _Meaning(
    ImpairedError,
    "statements of another session come between the engine's",
    "connect without a pool, or through one with session pooling",
)
_OF_A_POOL = {  # by PgBouncer's own words: it has one SQLSTATE for all that is wrong
    "query_wait_timeout": _Meaning(
        ImpairedError,
        "a pool before the database has no session left, and an engine needs five",
        "PgBouncer: raise pool_size, and max_db_connections where it is set",
    ),
    "no more connections allowed": _Meaning(
        ImpairedError,
        "a pool before the database takes no more clients, and an engine needs five",
        "PgBouncer: raise what is named in brackets",
    ),
}
_CHANGED = _Meaning(UnavailableError, "a table was changed, its statements are planned anew")
_ANY = _Meaning(
    SchemaError,
    "the schema is not as the engine needs it",
    "put back what was changed, or restore what is missing",
)

_MEANINGS = {  # by the SQLSTATE, or its first two characters
    "08": _AWAY,
    "25": _AWAY,
    "25P04": _Meaning(
        ImpairedError, "a time limit ended a transaction", "set transaction_timeout to 0"
    ),
    "26000": _NOT_OURS,
    "28": _AWAY,
    "3D": _AWAY,
    "40": _Meaning(UnavailableError, "others were at the same rows, it is tried again"),
    "42P05": _NOT_OURS,
    "42501": _Meaning(
        SchemaError,
        "the engine's role lacks a right",
        "grant it what docs/deploying.md#the-schema grants",
    ),
    "53": _Meaning(ImpairedError, "the database has too little of something", "give it more"),
    "53100": _Meaning(ImpairedError, "the database's disk is full", "give it room"),
    "53200": _Meaning(ImpairedError, "the database is out of memory", "give it more"),
    "53300": _Meaning(
        ImpairedError,
        "the database takes no more connections, and an engine needs five",
        "raise max_connections, or the role's limit",
    ),
    "53400": _Meaning(ImpairedError, "a limit of the database is reached", "raise it"),
    "54": _Meaning(ImpairedError, "a limit of the database is reached", "its log says more"),
    "55006": _AWAY,
    "55P02": _ILL,
    "55P03": _Meaning(LockedError, "another session holds a lock for too long"),
    "57": _AWAY,
    "57014": _Meaning(SlowQueryError, "the database takes too long"),
    "58": _ILL,
    "F0": _ILL,
    "XX": _ILL,
}

_OF_VALUES = ("22", "23", "P0001")
_HARMLESS = ("22", "23", "40", "55P03", "57014", "P0001")
"""After these a session is as good as before."""


def meaning_of(error: psycopg.Error) -> FixengineError | None:
    """Return the engine's error, which says in words what is wrong; None for a bug."""
    code, said = error.sqlstate or "", line(error)
    known = code in _MEANINGS or code[:2] in _MEANINGS
    if code.startswith(_OF_VALUES) or (is_raised(error) and _is_made_up(code) and not known):
        return refusal(error, said)
    if not code and not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return None
    of_a_pool = (meaning for words, meaning in _OF_A_POOL.items() if words in said)
    found = next(of_a_pool, None) or _meaning(error, code)
    remedy = f": {error.diag.message_hint or found.remedy}" if found.remedy else ""
    return found.error(f"{found.said}: {error.diag.message_primary or said}{remedy}")


def _is_made_up(code: str) -> bool:
    """Whether a program may have chosen it: the standard's begin with 0 to 4 and A to H."""
    return (not "0" <= code[:1] <= "4" and not "A" <= code[:1] <= "H") or code.startswith("45")


def ends_the_session(error: psycopg.Error) -> bool:
    """Whether the next statement should be another connection's."""
    return not (is_raised(error) or (error.sqlstate or "").startswith(_HARMLESS))


def line(error: Exception) -> str:
    """Return all that an error says as one line."""
    text = str(error)
    # of several hosts the driver names the last one first, and then all of them
    each = text.partition("All failures were:")[2]
    return " ".join((each or text).split()) or type(error).__name__


def _meaning(error: psycopg.Error, code: str) -> _Meaning:
    if not code:
        return _AWAY
    if error.diag.source_function == "RevalidateCachedQuery":
        return _CHANGED
    return _MEANINGS.get(code) or _MEANINGS.get(code[:2]) or _ANY
