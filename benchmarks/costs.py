"""What an engine and its database have taken so far; Linux alone."""

from dataclasses import dataclass

import psycopg

from benchmarks.endless import Endless
from benchmarks.processes import database_cpu, database_pids, waited_for_cores
from benchmarks.sql import number_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """CPU seconds of the engine and of the server, bytes of WAL, transactions, evaluations.

    `waited` are the seconds that both were ready to run and other programs had the cores.
    """

    engine: float
    database: float
    waited: float
    wal: int
    commits: int
    evaluations: float

    def since(self, before: "Costs") -> "Costs":
        """Return what was taken since then."""
        return Costs(
            engine=self.engine - before.engine,
            database=self.database - before.database,
            waited=self.waited - before.waited,
            wal=self.wal - before.wal,
            commits=self.commits - before.commits,
            evaluations=self.evaluations - before.evaluations,
        )


def costs(load: Endless, connection: psycopg.Connection) -> Costs:
    """Look at both."""
    database = database_cpu(connection)
    if database is None:
        raise RuntimeError("the database is not on this machine, so its CPU can't be told")
    return Costs(
        engine=load.usage().cpu,
        database=database,
        waited=waited_for_cores([load.engine.process.pid, *database_pids(connection)]),
        wal=number_of(connection, "select pg_current_wal_lsn() - '0/0'"),
        commits=number_of(
            connection,
            "select xact_commit + xact_rollback from pg_stat_database "
            "where datname = current_database()",
        ),
        evaluations=load.evaluations(),
    )
