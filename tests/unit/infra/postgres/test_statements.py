"""Statements: each file is one that the engine can send."""

from importlib.resources import files

import pytest

from fixengine.infra.postgres.statements import query

_QUERIES = files("fixengine.infra.postgres") / "queries"
NAMES = sorted(file.name.removesuffix(".sql") for file in _QUERIES.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_what_a_statement_names_of_an_execution_is_there(name: str) -> None:
    text = query(name)
    assert text.startswith(b"-- ")
    assert b"{{" not in text
