"""Connection strings are taken apart as libpq does it, and nothing of a password is anywhere."""

from urllib.parse import quote

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fixengine.config.conninfo import cleaned, masked, parts

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n\ufeff"), min_size=1)
WRITTEN = st.text("ab12:/?@#%&=[]'\"\\ +.,", min_size=1, max_size=12)


def passwords(dsn: str) -> list[str]:
    return [part.value for part in parts(dsn) if part.name == "password"]


@given(TEXTS, TEXTS)
def test_a_url_that_is_written_as_it_should_be_is_read(user: str, password: str) -> None:
    if "://" in user:
        return
    dsn = f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@h:1/d"
    assert passwords(dsn) == [password] == [conninfo_to_dict(dsn)["password"]]
    assert cleaned(dsn) == dsn
    assert masked(dsn) == f"postgresql://{quote(user, safe='')}:***@h:1/d"


@given(TEXTS, TEXTS)
def test_pairs_that_are_written_as_they_should_be_are_read(user: str, password: str) -> None:
    if "://" in user:
        return
    dsn = make_conninfo(host="h", user=user, password=password, dbname="d")
    assert passwords(dsn) == [password]
    assert passwords(cleaned(dsn)) == [password]


@given(WRITTEN, WRITTEN, WRITTEN)
def test_what_is_read_in_two_ways_is_refused_and_all_else_is_read_as_libpq_does(
    user: str, password: str, host: str
) -> None:
    for dsn in (
        f"postgresql://{user}:{password}@{host}/d",
        f"postgresql://{host}/d?user={user}&password={password}",
        f"host={host} password={password} user={user}",
        f"host='{host}' password='{password}' user=x",
    ):
        try:
            found = parts(dsn)
        except ValueError:
            continue  # it may be read in two ways
        try:
            read = conninfo_to_dict(dsn)
        except psycopg.ProgrammingError:
            continue  # an option that libpq does not know, such as a part of the password
        last = {part.name: part.value for part in found}
        assert read.get("password", "") == last.get("password", "")
        assert read.get("user", "") == last.get("user", "")


@given(st.text("ab@/?:%", min_size=4, max_size=12))
def test_no_piece_of_a_password_becomes_a_part_that_is_shown(password: str) -> None:
    dsn = f"postgresql://u:{password}@h/d"
    try:
        found = parts(dsn)
    except ValueError:
        return
    assert [part.value for part in found if not part.secret and part.value] == ["u", "h", "d"]


@pytest.mark.parametrize("dsn", ["host", "host=h dbname", "password='x", "=", "password='x'y'"])
def test_what_are_no_pairs_is_refused_without_quoting_it(dsn: str) -> None:
    with pytest.raises(ValueError, match="in single quotes") as caught:
        parts(dsn)
    assert dsn not in str(caught.value)
