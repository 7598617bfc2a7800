"""Every error that the database can have is one of the engine's, with its words."""

import psycopg
import pytest
from psycopg import errors

from fixengine.errors import (
    FixengineError,
    ImpairedError,
    LockedError,
    RejectedError,
    SchemaError,
    SlowQueryError,
    UnavailableError,
)
from fixengine.infra.postgres.driver.sqlstates import ends_the_session, meaning_of

ALL = sorted(
    (
        error
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, psycopg.Error) and error.sqlstate
    ),
    key=lambda error: error.sqlstate or "",
)


@pytest.mark.parametrize("error", ALL, ids=lambda error: f"{error.sqlstate} {error.__name__}")
def test_no_sqlstate_is_a_bug(error: type[psycopg.Error]) -> None:
    meaning = meaning_of(error("as the database says"))
    assert isinstance(meaning, FixengineError)
    assert "as the database says" in str(meaning)
    assert isinstance(meaning, UnavailableError | RejectedError)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("08006", UnavailableError),
        ("57P01", UnavailableError),
        ("40001", UnavailableError),
        ("40P01", UnavailableError),
        ("55P03", LockedError),
        ("25006", UnavailableError),
        ("57014", SlowQueryError),
        ("53100", ImpairedError),
        ("53300", ImpairedError),
        ("25P04", ImpairedError),
        ("26000", ImpairedError),
        ("42P05", ImpairedError),
        ("XX001", ImpairedError),
        ("42501", SchemaError),
        ("42P01", SchemaError),
        ("42703", SchemaError),
        ("42883", SchemaError),
        ("3F000", SchemaError),
        ("21000", SchemaError),
        ("22003", RejectedError),
    ],
)
def test_the_sqlstate_decides_the_policy(code: str, kind: type[FixengineError]) -> None:
    assert type(meaning_of(errors.lookup(code)("as the database says"))) is kind


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (errors.ProtocolViolation("query_wait_timeout"), "raise pool_size"),
        (
            psycopg.OperationalError("FATAL: no more connections allowed (max_client_conn)"),
            "(max_client_conn): PgBouncer: raise what is named",
        ),
    ],
)
def test_what_a_pool_has_too_little_of_is_said_with_the_remedy(
    error: psycopg.Error, remedy: str
) -> None:
    meaning = meaning_of(error)
    assert type(meaning) is ImpairedError
    assert remedy in str(meaning)
    assert "an engine needs five" in str(meaning)


def test_what_the_database_did_not_say_is_a_bug() -> None:
    assert meaning_of(psycopg.ProgrammingError("the query has no such placeholder")) is None


def test_a_session_outlives_what_is_no_fault_of_its_own() -> None:
    met = ("22003", "23505", "40001", "55P03", "57014", "42501", "0A000")
    ends = [code for code in met if ends_the_session(errors.lookup(code)("x"))]
    assert ends == ["42501", "0A000"]
