"""A column that a migration adds: the Go service's table is made without it."""

import pytest
from msgspec.structs import replace

from fixengine.infra.postgres.schema.catalog import Catalog, Column, adopted_columns, expected
from fixengine.infra.postgres.schema.drift import Fault, Mend, drift, faults_of_the_adopted

NULLABLE = Column(type="date", required=False, default=None, computed=False)
WITH_DEFAULT = Column(type="integer", required=True, default="0", computed=False)
REQUIRED = Column(type="date", required=True, default=None, computed=False)


def with_column(name: str, column: Column) -> Catalog:
    """Return what would be expected if a migration had added the column to the table of orders."""
    catalog = expected()
    tables = dict(catalog.tables or {})
    execution = tables["execution"]
    columns = {**execution.columns, name: column}
    return replace(catalog, tables={**tables, "execution": replace(execution, columns=columns)})


def test_the_columns_of_the_go_service_are_those_of_the_first_migration() -> None:
    tables = expected().tables
    assert tables is not None
    assert len(adopted_columns()) == 19
    assert adopted_columns() <= set(tables["execution"].columns)


@pytest.mark.parametrize(
    ("column", "definition"),
    [(NULLABLE, "date"), (WITH_DEFAULT, "integer default 0 not null")],
)
def test_a_column_that_was_added_is_no_obstacle_to_adoption_and_is_added_again(
    column: Column, definition: str
) -> None:
    wanted = with_column("added_later", column)
    assert [*faults_of_the_adopted(expected(), wanted)] == []
    assert [*drift(expected(), wanted)] == [
        Mend(
            "column added_later of public.execution is missing",
            f"alter table public.execution add column added_later {definition}",
        )
    ]


def test_a_column_that_must_have_values_is_for_somebody_to_decide() -> None:
    (fault,) = drift(expected(), with_column("added_later", REQUIRED))
    assert isinstance(fault, Fault)
    assert fault.what.endswith("is missing: restore the table from a backup, or add it as date")
