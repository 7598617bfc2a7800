"""What a fill costs the database."""

import time
from collections.abc import Iterator

import psycopg

from benchmarks.figures.figure import Figure, Lend
from benchmarks.figures.loads import saturated
from benchmarks.sql import number_of


def measure(lend: Lend, scale: float) -> Iterator[Figure]:
    """Count what a fill costs the database, at full load."""
    with (
        lend() as stack,
        saturated(stack) as load,
        psycopg.connect(load.dsn, autocommit=True) as connection,
    ):
        before = (load.evaluations(), _wal(connection), _transactions(connection))
        time.sleep(20 * scale)
        after = (load.evaluations(), _wal(connection), _transactions(connection))
    fills, size, commits = (now - then for now, then in zip(after, before, strict=True))
    yield Figure(meaning="WAL a fill", value=size / fills / 1024, unit="KiB", limit=3)
    yield Figure(meaning="transactions a thousand fills", value=1000 * commits / fills, unit="")


def _transactions(connection: psycopg.Connection) -> int:
    return number_of(
        connection,
        "select xact_commit + xact_rollback from pg_stat_database "
        "where datname = current_database()",
    )


def _wal(connection: psycopg.Connection) -> int:
    return number_of(connection, "select pg_current_wal_lsn() - '0/0'")
