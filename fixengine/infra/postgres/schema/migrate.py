"""Brings a database to this program's schema: numbered SQL files, forward only."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeAlias

import psycopg
from loguru import logger
from psycopg import errors as sqlstate

from fixengine.errors import SchemaError
from fixengine.infra.postgres.driver.connections import Connection, translated_errors
from fixengine.infra.postgres.driver.waits import unbounded

Told: TypeAlias = Callable[[str], object]
"""Is told of what may take long, when it begins."""

_LOCK = 0x66697865  # "fixe"; engines that start together take turns
_FILE = re.compile(r"(\d{4})_(\w+)\.sql")
_LEDGER = """
create table if not exists public.fixengine_schema (
    version     integer primary key,
    name        text not null,
    applied_at  timestamptz not null default now()
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered file."""

    version: int
    name: str
    statements: bytes


def migrations() -> tuple[Migration, ...]:
    """Return all migrations of this program in order.

    Raises SchemaError when the numbers are not 1, 2, 3 …: a file is missing or doubled.
    """
    found = sorted(
        (
            Migration(version=int(match[1]), name=match[2], statements=file.read_bytes())
            for file in schema_folder().iterdir()
            if (match := _FILE.fullmatch(file.name))
        ),
        key=lambda migration: migration.version,
    )
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise SchemaError("the files under schema/ are not numbered 0001, 0002, 0003 …")
    return tuple(found)


def untold(_what: str) -> None:
    """Tell nobody."""


def migrate(connection: Connection, told: Told = untold) -> tuple[Migration, ...]:
    """Apply what is missing, in one transaction, and return it.

    Many engines may do this at once. Raises SchemaError when the database is ahead of this
    program, UnavailableError when it is away or another engine's migration takes too long.
    """
    known = migrations()
    with translated_errors():
        version = version_of(connection)
        _assert_not_newer(version, known=len(known))
        if version == len(known):
            return ()
        try:
            return _bring_forward(connection, known, told)
        except sqlstate.InsufficientPrivilege as error:
            raise SchemaError(
                f"the database's schema is older than version {len(known)}, which this program "
                f"needs, and the engine's role may not migrate it ({error.diag.message_primary}): "
                "run `fixengine migrate` as the role that owns the tables"
            ) from error


def _bring_forward(
    connection: Connection, known: tuple[Migration, ...], told: Told
) -> tuple[Migration, ...]:
    told(f"the schema is being brought to version {len(known)} since {now()}, here or by another")
    with turn(connection):
        connection.execute(_LEDGER)
        version = version_of(connection)
        _assert_not_newer(version, known=len(known))
        missing = known[version:]
        for migration in missing:
            number = f"migration {migration.version} of {len(known)}"
            told(f"{number}, {migration.name}, is being applied since {now()}")
            _apply(connection, migration)
    return missing


def now() -> str:
    """Return the time of day."""
    return datetime.now(UTC).strftime("%H:%M:%SZ")


def _assert_not_newer(version: int, *, known: int) -> None:
    if version > known:
        raise SchemaError(
            f"the database has schema version {version}, this program knows {known}: "
            "run a newer fixengine, or restore the database from before its upgrade"
        )


def assert_current(connection: Connection) -> None:
    """Raise SchemaError when the database has another schema, UnavailableError when it is away."""
    known = len(migrations())
    with translated_errors():
        version = version_of(connection)
    if version != known:
        remedy = "run `fixengine migrate`" if version < known else "run a newer fixengine"
        raise SchemaError(
            f"the database has schema version {version}, this program knows {known}: {remedy}"
        )


@contextmanager
def turn(connection: Connection, *, patience: int = 60) -> Iterator[None]:
    """Be the only one who changes the schema, in a transaction that may take its time.

    It waits `patience` seconds for a lock.
    """
    with unbounded(connection), connection.transaction():
        connection.execute(f"set local lock_timeout = '{patience}s'".encode())
        connection.execute("set local statement_timeout = '10min'")
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        yield


def version_of(connection: Connection) -> int:
    """Return which migration was the last one, as the database says; 0 for none."""
    try:
        row = connection.execute(
            "select coalesce(max(version), 0) from public.fixengine_schema"
        ).fetchone()
    except sqlstate.UndefinedTable:
        return 0
    assert row is not None
    return int(row[0])


def write_down_all(connection: Connection) -> None:
    """Say that all migrations were applied, where nothing says so any more."""
    with turn(connection):
        connection.execute(_LEDGER)
        for migration in migrations():
            _write_down(connection, migration)


def _apply(connection: Connection, migration: Migration) -> None:
    try:
        connection.execute(migration.statements)
    except psycopg.ProgrammingError as error:
        raise SchemaError(
            f"migration {migration.version:04} {migration.name} can't be applied: "
            f"{error.diag.message_primary}: the database is not as the migrations before leave it; "
            "restore it from a backup"
        ) from error
    _write_down(connection, migration)
    logger.bind(version=migration.version, migration=migration.name).info("migration applied")


def _write_down(connection: Connection, migration: Migration) -> None:
    connection.execute(
        "insert into public.fixengine_schema (version, name) values (%s, %s) "
        "on conflict do nothing",
        [migration.version, migration.name],
    )


def schema_folder() -> Traversable:
    """Return where the migrations are."""
    packaged = files("fixengine").joinpath("schema")
    return packaged if packaged.is_dir() else Path(__file__).parents[4] / "schema"
