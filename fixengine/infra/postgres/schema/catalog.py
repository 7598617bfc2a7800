"""What the engine relies on in the database: as it is, and as a fresh schema has it.

`schema/expected.json` was read from a database that the migrations made; a test compares them.
"""

import re
from functools import cache

import msgspec

from fixengine.infra.postgres.driver.connections import Connection
from fixengine.infra.postgres.schema.migrate import migrations, schema_folder
from fixengine.infra.postgres.statements import query


class Column(msgspec.Struct, frozen=True):
    """`type` as SQL writes it; `required` forbids null; `computed`: the database has its values."""

    type: str
    required: bool
    default: str | None
    computed: bool


class Table(msgspec.Struct, frozen=True):
    """`kind` as pg_class has it; `heirs` are tables that inherit from it.

    `unlogged` are those of itself and its parts that a crash of the server would empty.
    """

    kind: str
    columns: dict[str, Column]
    row_security: bool
    heirs: tuple[str, ...]
    rules: tuple[str, ...]
    unlogged: tuple[str, ...]


class Index(msgspec.Struct, frozen=True):
    """`definition` is without its name: any with that will do."""

    table: str
    name: str
    valid: bool
    definition: str


class Trigger(msgspec.Struct, frozen=True):
    """Triggers by other names are somebody else's."""

    table: str
    name: str
    enabled: bool
    definition: str


class Sequence(msgspec.Struct, frozen=True):
    """`type` limits its numbers; those that cycle begin anew."""

    type: str
    cycles: bool


class Catalog(msgspec.Struct, frozen=True):
    """`numbers_from` is the sequence of an execution's id, `elsewhere` are tables in other schemas.

    `names_taken` are names of expected indexes that are those of other tables' now.
    """

    tables: dict[str, Table] | None
    indexes: tuple[Index, ...]
    triggers: tuple[Trigger, ...]
    functions: dict[str, str]
    sequences: dict[str, Sequence]
    numbers_from: str | None
    names_taken: tuple[str, ...]
    elsewhere: tuple[str, ...]


@cache
def expected() -> Catalog:
    """Return what a fresh schema has."""
    return msgspec.json.decode((schema_folder() / "expected.json").read_bytes(), type=Catalog)


@cache
def adopted_columns() -> frozenset[str]:
    """Return the columns of `execution` that the Go service makes, as the first migration does."""
    first = migrations()[0].statements.decode()
    return frozenset(re.findall(r"^ +(\w+)  +", first, re.MULTILINE))


def read_catalog(connection: Connection, *, wanted: Catalog | None) -> Catalog:
    """Return what the database has, of its functions those that are wanted, or all."""
    parameters = {
        "functions": None if wanted is None else [*wanted.functions],
        "indexes": [] if wanted is None else [index.name for index in wanted.indexes],
    }
    with connection.transaction():
        connection.execute("set local search_path = ''")  # names are written in full
        row = connection.execute(query("catalog"), parameters).fetchone()
    assert row is not None
    return msgspec.convert(row[0], Catalog)
