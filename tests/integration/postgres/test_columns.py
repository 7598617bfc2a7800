"""Rows become structs by their places: a statement's columns are the fields, in their order."""

import pytest

from fixengine.infra.postgres.statements import query
from fixengine.rules.values import Execution, LedgerEntry
from tests.support.rows import opened

EXECUTION = Execution.__struct_fields__
STORED = EXECUTION[:-1]  # without its trace
AFTER_A_FILL = (
    "is_open",
    "execution_status",
    "last_fill_timestamp",
    "quantity_filled",
    "number_of_fills",
    "total_amount",
    "version",
)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("claim", ("place", *EXECUTION)),
        (
            "unpublished",
            ("stored_at", "quantity", "price", "announced", *AFTER_A_FILL, *EXECUTION),
        ),
        ("audit_executions", STORED),
        ("get_executions", STORED),
        ("page_executions", STORED),
        ("page_fills", LedgerEntry.__struct_fields__),
    ],
)
def test_columns_are_the_fields_of_a_struct(
    database: str, name: str, columns: tuple[str, ...]
) -> None:
    with opened(database) as pool, pool.connection() as connection:
        described = connection.execute(query(name), _Parameters()).description
    assert described is not None
    assert tuple(column.name for column in described) == columns


class _Parameters(dict[str, object]):
    """Something for every parameter; nothing is found by it."""

    def __missing__(self, name: str) -> object:
        return {"ids": [], "since": "infinity", "limit": 0}.get(name)
