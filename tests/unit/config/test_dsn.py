"""POSTGRES_DSN, or the parts it is made of."""

import pytest

from fixengine.config import load
from tests.unit.config.mistakes import problem, shown


def test_a_dsn_is_taken_as_it_is() -> None:
    dsn = "postgresql://u:p@h/d"
    assert load({"POSTGRES_DSN": f"{dsn}\n"}).postgres_dsn == dsn


def test_without_a_dsn_it_is_made_of_the_parts() -> None:
    parts = load({"POSTGRES_HOST": "h", "POSTGRES_PASSWORD": r"it's \ here"})
    assert parts.postgres_dsn == (
        r"host='h' port='5432' user='postgres' password='it\'s \\ here' "
        "dbname='postgres' sslmode='disable'"
    )
    assert "password" not in load({}).postgres_dsn


def test_a_dsn_beside_parts_is_a_mistake_that_names_them() -> None:
    sentence = problem(POSTGRES_DSN="postgresql://h/d", POSTGRES_HOST="h", POSTGRES_PASSWORD="x")
    assert "POSTGRES_DSN is set beside POSTGRES_HOST, POSTGRES_PASSWORD" in sentence


def test_parts_are_described_as_overruled_by_a_dsn() -> None:
    settings = load({"POSTGRES_DSN": "postgresql://h/d"})
    assert shown(settings, "POSTGRES_HOST") == "(in POSTGRES_DSN)"


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://u:Pa@hunter2@host/db",
        "postgresql://me@corp:hunter2@host",
        "postgresql://u:Pa/hunter2@host/db",
        "postgresql://u:12/hunter2@host/db",
        "postgresql://u:Pa?hunter2@host/db",
        "postgresql://h?password=Pa@hunter2",
        "postgresql://u:Pa?ssl=hunter2@host/db",
        "postgresql://u:hunter2%@host/db",
        "postgresql://u:hunter2%zz@host/db",
        "postgresql://u:hunter2%00@host/db",
        "postgresql://u:hunter2%fc@host/db",
        "postgresql://host/db?password=hunter2%fc",
        "postgresql://u:hunter2 and more@host/db",
        "postgresql://h/db?password=hunter2=x",
        "postgresql://h/db?password=x&hunter2",
        "postgresql://a:hunter2@h,b:hunter2@h/db",
    ],
)
def test_a_dsn_that_needs_percent_encoding_is_refused_in_a_line_that_says_so(dsn: str) -> None:
    sentence = problem(POSTGRES_DSN=dsn)
    assert sentence.startswith("POSTGRES_DSN has a value (not shown) that can't be used: ")
    assert "percent-encoded: % is written %25, @ %40" in sentence
    assert "hunter2" not in sentence


@pytest.mark.parametrize("dsn", ["host=h password=it's hunter2", "host=h password='hunter2"])
def test_a_dsn_that_needs_quotes_is_refused_in_a_line_that_says_so(dsn: str) -> None:
    sentence = problem(POSTGRES_DSN=dsn)
    assert "written in single quotes" in sentence
    assert "hunter2" not in sentence


@pytest.mark.parametrize(
    "dsn",
    [
        "host=h dbname=postgresql://u:hunter2@h/d",
        "host=h user=postgresql://u:hunter2@h/d",
        "host=h dbname=postgresql://h/d?password=hunter2",
        "postgresql://h/d?dbname=postgresql%3A%2F%2Fu%3Ahunter2%40h%2Fd",
    ],
)
def test_an_address_in_the_place_of_a_name_is_refused(dsn: str) -> None:
    sentence = problem(POSTGRES_DSN=dsn)
    assert "not as a whole address" in sentence
    assert "hunter2" not in sentence


@pytest.mark.parametrize(
    ("dsn", "taken"),
    [
        ("postgresql://u:x%0A@h/d", "postgresql://u:x@h/d"),
        ("postgresql://u:x%0d%0a@h\n/d\n", "postgresql://u:x@h/d"),
        ("host=h password='x\n' dbname=d", "host=h password='x' dbname=d"),
        ("host=h password=x\ndbname=d", "host=h password=x\ndbname=d"),
        (
            "postgresql://h/d?password=x\n&sslmode=require\n",
            "postgresql://h/d?password=x&sslmode=require",
        ),
    ],
)
def test_a_dsn_loses_what_the_files_added_that_its_parts_were_read_from(
    dsn: str, taken: str
) -> None:
    assert load({"POSTGRES_DSN": dsn}).dsn == taken


def test_the_password_that_libpq_reads_by_itself_is_refused_with_a_line_break() -> None:
    assert "PGPASSWORD holds the line break of a file" in problem(PGPASSWORD="hunter2\n")
    assert "hunter2" not in problem(PGPASSWORD="hunter2\n")
    assert load({"PGPASSWORD": "hunter2"}) == load({})


def test_hosts_of_ipv6_in_a_dsn_get_their_brackets() -> None:
    dsn = "postgresql://u:x@fd00::1:5432,[fd00::2]:5432,h:1/d"
    assert load({"POSTGRES_DSN": dsn}).dsn == dsn.replace("fd00::1", "[fd00::1]")


@pytest.mark.parametrize(
    ("dsn", "masked"),
    [
        ("postgresql://u:hunter2@h:1/d", "postgresql://u:***@h:1/d"),
        (
            "postgres://u:hunt%40er2@h/d?application_name=x",
            "postgres://u:***@h/d?application_name=x",
        ),
        (
            "postgresql://h/d?oauth_client_secret=hunter2",
            "postgresql://h/d?oauth_client_secret=***",
        ),
        ("postgresql://h/d?sslpassword=hunter2", "postgresql://h/d?sslpassword=***"),
        ("postgresql://h/d?scram_client_key=hunter2", "postgresql://h/d?scram_client_key=***"),
        ("host=h oauth_client_secret='hunter2 x'", "host=h oauth_client_secret=***"),
        ("postgresql://:hunter2@/d", "postgresql://:***@/d"),
        ("postgresql://u:hunter2@[fd00::1]:1,b:2/d", "postgresql://u:***@[fd00::1]:1,b:2/d"),
        (
            "postgresql://h/d?user=me@corp&password=hunter2",
            "postgresql://h/d?user=me@corp&password=***",
        ),
        ("host=h options='-c app.token=hunter2'", "host=h options=***"),
        ("postgresql://h/d?options=-c%20app.secret%3Dhunter2", "postgresql://h/d?options=***"),
        ("host=h password=a password=hunter2", "host=h password=*** password=***"),
        ("postgresql://h/d?password=hunter2&sslmode=x", "postgresql://h/d?password=***&sslmode=x"),
        ("host=h password=hunter2 dbname=d", "host=h password=*** dbname=d"),
        (r"password = 'hunter2 \' hunter2' host=h", "password = *** host=h"),
        (r"host=h password=hunter2\ hunter2", "host=h password=***"),
    ],
)
def test_a_dsn_is_described_without_its_password(dsn: str, masked: str) -> None:
    settings = load({"POSTGRES_DSN": dsn})
    assert shown(settings, "POSTGRES_DSN") == masked
    assert "hunter2" not in repr(settings)
