"""Statements that are made for something traced have spans as OpenTelemetry writes them."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from fixengine.infra.postgres.driver.connections import Connection, open_session
from fixengine.telemetry.calls import Place, at
from fixengine.telemetry.spans import By, Context, Span

HERE = Context(trace_id=bytes(range(16)), span_id=bytes(range(8)), sampled=True)


@pytest.fixture
def session(database: str) -> Iterator[Connection]:
    with open_session(database, application_name="traced") as connection:
        yield connection


@pytest.fixture
def made() -> list[Span]:
    return []


@pytest.fixture
def place(made: list[Span]) -> Place:
    return Place(context=HERE, export=made.append)


def test_a_statement_says_what_it_is_and_where_it_is_made(
    session: Connection, database: str, made: list[Span], place: Place
) -> None:
    with at(place):
        assert session.execute(b"select 1").fetchone() == (1,)
    session.execute("select 2")
    (span,) = made
    at_ = conninfo_to_dict(database)
    assert (span.by, span.parent, span.error) == (By.PSYCOPG, HERE, None)
    assert list(span.attributes.items()) == [
        ("db.system", "postgresql"),
        ("db.name", at_["dbname"]),
        ("db.statement", "select 1"),
        ("db.user", at_["user"]),
        ("net.peer.name", at_["host"]),
        ("net.peer.port", int(str(at_["port"]))),
    ]


def test_a_statement_has_the_name_that_the_instrumentation_gives_it(
    session: Connection, database: str, made: list[Span], place: Place
) -> None:
    with at(place):
        session.execute("select 1")
        session.cursor().executemany("select %s", [(1,), (2,)])
        session.execute(b"select 1")
        with session.pipeline():
            session.execute("SELECT 1")
    names = [span.name for span in made]
    assert names == ["select", "select", conninfo_to_dict(database)["dbname"], "SELECT"]


def test_a_statement_that_fails_says_how(
    session: Connection, made: list[Span], place: Place
) -> None:
    with at(place), pytest.raises(psycopg.errors.SyntaxError) as caught:
        session.execute("selec 1")
    (span,) = made
    assert span.error == f"SyntaxError: {caught.value}"
    assert span.thrown is not None
    assert (span.thrown.kind, span.thrown.words) == (
        "psycopg.errors.SyntaxError",
        str(caught.value),
    )
