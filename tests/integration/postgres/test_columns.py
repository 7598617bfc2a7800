"""Rows become structs by their places: a statement's columns are the fields, in their order."""

import pytest

from fixengine.infra.postgres.statements import query
from fixengine.ports.fix import Sent
from fixengine.ports.queries import ShownExecution
from fixengine.rules.values import Execution, LedgerEntry
from fixengine.trading.values import FixOrder, FixRequest
from tests.support.rows import opened

EXECUTION = Execution.__struct_fields__
STORED = EXECUTION[:-3]  # without its trace and its end
SHOWN = ShownExecution.__struct_fields__
ENTRY = LedgerEntry.__struct_fields__
REQUEST, ORDER = FixRequest.__struct_fields__, FixOrder.__struct_fields__
SENT = Sent.__struct_fields__
OTHER_TERMS = ("kind", "has_other_terms", "quantity_before", "limit_before")


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("claim", ("place", *EXECUTION)),
        ("changing", ("place", "unpublished", "not_numbers", "now", *EXECUTION)),
        ("known_changes", ("request_key", "kind", "quantity", "limit_price", *ENTRY, *STORED)),
        ("unpublished", ("stored_at", *ENTRY, *OTHER_TERMS, *EXECUTION[:-2])),
        ("audit_executions", EXECUTION),
        ("get_executions", SHOWN),
        ("page_executions", SHOWN),
        ("page_fills", (*ENTRY, "kind", "quantity_ordered", "limit_price")),
        ("fix_known", ("untold", *REQUEST, *ORDER, *ENTRY, *OTHER_TERMS, *EXECUTION)),
        (
            "fix_reports",
            (
                "position",
                "reason",
                "request_key",
                *ORDER,
                *REQUEST,
                *ENTRY,
                *OTHER_TERMS,
                *EXECUTION,
            ),
        ),
        ("fix_undecided", REQUEST),
        ("fix_sent", SENT),
        ("fix_page_sent", SENT),
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
