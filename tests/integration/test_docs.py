"""The documents' SQL does what they say."""

import re
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from fixengine.demo.servers.postgres import Postgres
from fixengine.infra.postgres.schema.migrate import migrate
from fixengine.infra.postgres.schema.schema import bring_up_to_date
from tests.support.documents import PAGES, blocks, commands, in_pod, page
from tests.support.go_service import BLIND_UPDATE, ROWS, SCHEMA
from tests.support.rows import change, fill_with_orders, one, opened
from tests.support.shell import typed

(_BACK,) = (block for block in blocks(page("upgrading-from-go"), "sql") if "trigger" in block)

STATEMENTS = [
    pytest.param(block, id=f"{path.stem}-{number}")
    for path in PAGES
    for number, block in enumerate(blocks(path.read_text("utf-8"), "sql"))
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_it_runs_on_the_schema(statement: str, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(statement.encode())


def test_what_the_go_service_cant_read_is_cut_down(database: str) -> None:
    (cut,) = (block for block in blocks(page("upgrading-from-go"), "sql") if "32767" in block)
    with opened(database) as pool:
        fill_with_orders(pool, range(1, 4))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("update execution set number_of_fills = 32765 + id")
        connection.execute(cut.encode())
    assert one(database, "select max(number_of_fills) from execution") == 32767
    assert one(database, "select count(*) from execution where is_open") == 1


@pytest.mark.parametrize("made_by", ["", SCHEMA], ids=["this engine", "the Go service"])
def test_the_go_service_finds_its_schema_whoever_made_it(empty_database: str, made_by: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(made_by.encode())
        migrate(connection)
        for _ in range(2):
            connection.execute(_BACK.encode())
        found = connection.execute("select version, dirty from schema_migrations").fetchall()
    assert found == [(1, False)]


def test_the_commands_on_the_go_services_database_do_what_they_say(
    postgres: Postgres, empty_database: str, tmp_path: Path
) -> None:
    parts = conninfo_to_dict(empty_database)
    places = {name: str(parts[name.lower()]) for name in ("HOST", "PORT")}
    settings = {
        **{f"PG{name}": value for name, value in places.items()},
        **{f"POSTGRES_{name}": value for name, value in places.items()},
        "PGDATABASE": str(parts["dbname"]),
    }

    def succeeds(line: str, **more: str) -> str:
        done = typed(line, folder=tmp_path, settings={**settings, **more})
        assert done.returncode == 0, f"{line}: {done.stderr}"
        return done.stdout

    show, copy, drop, backup = in_pod("upgrading-from-go", "globeco-fix-engine-postgresql-0")
    (migrate_it,) = (c for c in commands(page("upgrading-from-go")) if "fixengine-migrate" in c)
    options, _, command = migrate_it.partition(" -- ")
    named = dict(re.findall(r"--env=(\w+)=(\S+)", options))
    change(empty_database, SCHEMA + ROWS)
    assert "execution_service_id" in succeeds(show)
    succeeds(copy)
    succeeds(f"fixengine {command}", **named)
    copied = postgres.dsn_of(named["POSTGRES_DBNAME"])
    assert one(copied, "select count(*) from execution") == 13
    assert one(copied, "select to_regclass('public.fill') is not null")
    assert one(empty_database, "select to_regclass('public.fill') is null")
    succeeds(drop)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        one(copied, "select 1")
    assert succeeds(backup) == ""
    assert "TABLE DATA public execution" in succeeds("pg_restore --list before-upgrade.dump")


def test_the_go_service_fills_after_the_way_back_and_not_after_the_way_forward(
    empty_database: str,
) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        connection.execute(ROWS.encode())
        migrate(connection)
        connection.execute(_BACK.encode())
        connection.execute(BLIND_UPDATE.encode())
        bring_up_to_date(connection)
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute(BLIND_UPDATE.encode())
