"""How far a database has drifted from the schema that the engine relies on, and the way back."""

from collections.abc import Iterator
from dataclasses import dataclass

from fixengine.infra.postgres.schema.catalog import Catalog, Column, Table, adopted_columns
from fixengine.infra.postgres.schema.column_types import holds

_KINDS = {
    "r": "an ordinary table",
    "p": "a partitioned table",
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table",
}


@dataclass(frozen=True, slots=True)
class Mend:
    """What is not as it should be, and the statement that changes that and loses nothing.

    `widens` a column that is narrower, as the Go service makes it.
    """

    what: str
    statement: str
    widens: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What somebody has to decide on, with the remedy."""

    what: str


def drift(found: Catalog, expected: Catalog) -> Iterator[Mend | Fault]:
    """Yield what differs, each mend after those that it needs."""
    yield from _sequences(found, expected)
    for name, table in (expected.tables or {}).items():
        if name == "execution" and found.elsewhere and name not in (found.tables or {}):
            yield _elsewhere(found.elsewhere[0])
            continue
        yield from _table(name, (found.tables or {}).get(name), table, found.numbers_from)
    for signature, definition in expected.functions.items():
        if found.functions.get(signature) != definition:
            state = "is another" if signature in found.functions else "is missing"
            yield Mend(f"function {signature} {state}", definition)
    yield from _indexes(found, expected)
    yield from _triggers(found, expected)


def faults_of_the_adopted(found: Catalog, expected: Catalog) -> Iterator[Fault]:
    """Yield why the table of orders, if there is one, can't be adopted from another program."""
    table = (found.tables or {}).get("execution")
    if table is not None:
        differs = _table("execution", table, (expected.tables or {})["execution"], "")
        yield from (each for each in differs if isinstance(each, Fault))
    elif found.elsewhere:
        yield _elsewhere(found.elsewhere[0])


def _elsewhere(table: str) -> Fault:
    return Fault(
        f"the table of orders is {table}, and engines work in schema public: "
        f"alter table {table} set schema public; or, if it is none of theirs, rename it"
    )


def _sequences(found: Catalog, expected: Catalog) -> Iterator[Mend]:
    for name, sequence in expected.sequences.items():
        belongs = name == "execution_id_seq"
        if name in found.sequences or (belongs and found.numbers_from):
            continue
        statement = f"create sequence public.{name} as {sequence.type}"
        yield Mend(
            f"sequence {name} is missing", f"{statement} cycle" if sequence.cycles else statement
        )


def _table(
    name: str, found: Table | None, expected: Table, numbers_from: str | None
) -> Iterator[Mend | Fault]:
    whole = f"public.{name}"
    if found is None:
        yield Fault(f"table {whole} is missing: restore it from a backup")
        return
    if found.kind != expected.kind:
        yield Fault(
            f"{whole} is {_KINDS[found.kind]}: the engine needs {_KINDS[expected.kind]} of that "
            "name and columns"
        )
        return
    if found.row_security:
        yield Fault(
            f"row security hides rows of {whole} from this role: "
            f"alter table {whole} disable row level security, or let the role bypass it"
        )
    for table in found.unlogged:
        yield Mend(
            f"{table} is unlogged, so a crash of the database would empty it",
            f"alter table {table} set logged",
        )
    for heir in found.heirs:
        yield Fault(f"{heir} inherits from {whole}: alter table {heir} no inherit {whole}")
    for rule in found.rules:
        yield Fault(f"rule {rule} rewrites statements on {whole}: drop rule {rule} on {whole}")
    for column in expected.columns.keys() - found.columns.keys():
        # those of the Go service's table had values, which are lost
        was_added = name == "execution" and column not in adopted_columns()
        yield _missing(whole, column, expected.columns[column], was_added=was_added)
    for column, has in found.columns.items():
        needs = expected.columns.get(column)
        alter = f"alter table {whole} alter column {column}"
        if needs is None:
            yield from _stranger(f"column {column} of {whole}", has, alter)
        else:
            yield from _type(f"column {column} of {whole}", has, needs, alter)
            if (name, column) == ("execution", "id"):
                yield from _number(numbers_from, has, needs, alter)
            else:
                yield from _value(f"column {column} of {whole}", has, needs, alter)


def _missing(table: str, column: str, needs: Column, *, was_added: bool) -> Mend | Fault:
    what = f"column {column} of {table} is missing"
    if not was_added or (needs.required and needs.default is None):
        return Fault(f"{what}: restore the table from a backup, or add it as {needs.type}")
    default = "" if needs.default is None else f" default {needs.default}"
    required = " not null" if needs.required else ""
    return Mend(what, f"alter table {table} add column {column} {needs.type}{default}{required}")


def _stranger(what: str, has: Column, alter: str) -> Iterator[Fault]:
    if has.required and has.default is None and not has.computed:
        yield Fault(
            f"{what} takes no null and has no default: {alter} set default with a value, "
            f"or {alter} drop not null"
        )


def _type(what: str, has: Column, needs: Column, alter: str) -> Iterator[Mend | Fault]:
    if holds(has.type, needs.type):
        return
    statement = f"{alter} type {needs.type}"
    said = f"{what} is {has.type}"
    if holds(needs.type, has.type):
        yield Mend(said, statement, widens=True)
    else:
        yield Fault(f"{said}, and must hold {needs.type}: {statement}")


def _value(what: str, has: Column, needs: Column, alter: str) -> Iterator[Mend | Fault]:
    if has.computed and not needs.computed:
        yield Fault(f"{what} is computed: {alter} drop expression")
        return
    if needs.default is not None and has.default != needs.default:
        yield Mend(f"default of {what} is {has.default}", f"{alter} set default {needs.default}")
    if has.required and not needs.required:
        yield Mend(f"{what} takes no null", f"{alter} drop not null")
    if needs.required and not has.required:
        yield Mend(f"{what} takes null", f"{alter} set not null")
    if needs.computed and not has.computed:
        numbered = f"{alter} add generated always as identity"
        yield Mend(f"{what} has no sequence of its own", numbered)


def _number(numbers_from: str | None, has: Column, needs: Column, alter: str) -> Iterator[Mend]:
    what = "column id of public.execution has no sequence of its own"
    if numbers_from is None:
        yield Mend(what, f"{alter} set default {needs.default}")
        yield Mend(what, "alter sequence public.execution_id_seq owned by public.execution.id")
    elif not has.computed and has.default != (default := f"nextval('{numbers_from}'::regclass)"):
        yield Mend(what, f"{alter} set default {default}")


def _indexes(found: Catalog, expected: Catalog) -> Iterator[Mend]:
    names = {index.name for index in found.indexes}.union(found.names_taken)
    valid = {index.definition for index in found.indexes if index.valid}
    for index in expected.indexes:
        if index.definition in valid or not _alike(index.table, found, expected):
            continue
        for broken in found.indexes:
            if broken.definition == index.definition:
                names.discard(broken.name)
                yield Mend(f"index {broken.name} is not valid", f"drop index public.{broken.name}")
        name = "" if index.name in names else f" {index.name}"
        yield Mend(
            f"index {index.name} of public.{index.table} is missing",
            index.definition.replace(" INDEX ON ", f" INDEX{name} ON "),
        )


def _alike(table: str, found: Catalog, expected: Catalog) -> bool:
    """Say whether there is such a table, and of that kind."""
    there, needed = (catalog.tables or {} for catalog in (found, expected))
    return table in there and there[table].kind == needed[table].kind


def _triggers(found: Catalog, expected: Catalog) -> Iterator[Mend]:
    has = {(trigger.table, trigger.name): trigger for trigger in found.triggers}
    for trigger in expected.triggers:
        if not _alike(trigger.table, found, expected):
            continue
        there = has.get((trigger.table, trigger.name))
        on = f"public.{trigger.table}"
        if there is None or there.definition != trigger.definition:
            state = "is missing" if there is None else "is another"
            yield Mend(
                f"trigger {trigger.name} of {on} {state}",
                trigger.definition.replace("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER"),
            )
        elif not there.enabled:
            yield Mend(
                f"trigger {trigger.name} of {on} is disabled",
                f"alter table {on} enable trigger {trigger.name}",
            )
