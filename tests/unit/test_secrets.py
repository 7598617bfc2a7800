"""What is said holds no piece of a secret."""

import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixengine.secrets import PIECE, Secrets

SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="\0*"), min_size=PIECE)


def taught(*secrets: str, public: tuple[str, ...] = ()) -> Secrets:
    known = Secrets()
    known.learn(secrets, public=public)
    return known


def pieces(text: str) -> set[str]:
    every = {text[begin : begin + PIECE] for begin in range(len(text) - PIECE + 1)}
    return {piece for piece in every if not piece.isspace()}


def repr_of_bytes(text: str) -> str:
    return repr(text.encode())[1:]


@given(SECRETS, st.text(), st.text())
def test_no_piece_of_a_secret_is_said(secret: str, before: str, after: str) -> None:
    said = taught(secret).hide(f"{before}{secret}{after}")
    assert not pieces(said.replace("***", "")) & pieces(secret)


@given(SECRETS)
def test_nor_in_any_form_that_it_may_be_written_in(secret: str) -> None:
    known = taught(secret)
    for write in (quote, quote_plus, repr, ascii, json.dumps, repr_of_bytes):
        written = write(secret).strip("'\"")
        said = known.hide(f"at {written}!").removeprefix("at ").removesuffix("!")
        assert len(said.replace("***", "")) < PIECE


@given(SECRETS, st.integers(min_value=0), st.integers(min_value=PIECE))
def test_nor_a_part_of_it_that_somebody_took_for_something_else(
    secret: str, begin: int, length: int
) -> None:
    begin %= len(secret) - PIECE + 1
    part = secret[begin : begin + length]
    assert part.isspace() or part not in taught(secret).hide(f"no host {part}").removeprefix("no")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("nothing", "nothing"),
        ("correct horse", "***"),
        ("a correct horse, and a correct one", "a ***, and a ***one"),
        ("of horses", "of***s"),
        ("horcor", "horcor"),
    ],
)
def test_the_rest_of_a_text_stays_as_it_is(text: str, said: str) -> None:
    assert taught("correct horse").hide(text) == said


def test_what_is_shown_anyway_is_said() -> None:
    known = taught("postgres", "postgres-7f3k9", public=("host=postgres",))
    assert known.hide("role postgres of postgres-7f3k9") == "role postgres of postg***"


def test_without_secrets_all_is_said() -> None:
    assert Secrets().hide("all of it") == "all of it"
