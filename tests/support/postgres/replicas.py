"""Two PostgreSQL servers, one the other's standby, and the ways in which they change places."""

from contextlib import closing

import psycopg

from fixengine.demo.servers.postgres import PostgresServer
from fixengine.demo.waiting import wait_until
from fixengine.demo.workspace import Workspace
from tests.support.postgres.copied import CopiedPostgres

_CHANGE_SECONDS = 20.0


class Replicas:
    """Replication is synchronous: what the primary has committed, its standby has on disk."""

    def __init__(self, workspace: Workspace) -> None:
        self.first = CopiedPostgres(workspace=workspace, name="first", durable=False)
        self.second = PostgresServer(
            workspace=workspace, name="second", durable=False, primary=self.first
        )

    @property
    def dsn(self) -> str:
        """A connection string that names both."""
        hosts = f"127.0.0.1:{self.first.port},127.0.0.1:{self.second.port}"
        return f"postgresql://postgres@{hosts}/postgres"

    def start(self) -> None:
        """Start the first as the primary, the second as its standby."""
        self.first.start()
        self.second.start()
        _execute(self.first, "alter system set synchronous_standby_names = '*'")
        _execute(self.first, "select pg_reload_conf()")
        in_step = "select exists (select from pg_stat_replication where sync_state = 'sync')"
        wait_until(
            lambda: _execute(self.first, in_step), _CHANGE_SECONDS, "the standby to be in step"
        )

    def freeze(self) -> None:
        """Make the primary read-only in place, sessions and all; return when nobody writes."""
        _execute(self.first, "alter system set default_transaction_read_only = on")
        _execute(self.first, "select pg_reload_conf()")
        idle = (
            "select not exists (select from pg_stat_activity where backend_xid is not null "
            "or (datname is not null and state <> 'idle' and pid <> pg_backend_pid()))"
        )
        wait_until(
            lambda: _execute(self.first, idle), _CHANGE_SECONDS, "the last transactions to end"
        )

    def demote(self) -> None:
        """Restart the primary as a standby of its standby, so that both refuse writes."""
        address = f"host=127.0.0.1 port={self.second.port} user=postgres"
        _execute(self.first, f"alter system set primary_conninfo = '{address}'")
        self.first.stop()
        (self.first.data / "standby.signal").touch()
        self.first.start()

    def crash(self) -> None:
        """End the primary in the midst of its work."""
        self.first.crash()

    def promote(self) -> None:
        """Make the standby the primary; it waits for no standby of its own."""
        assert _execute(self.second, "select pg_promote()")


def _execute(server: PostgresServer, statement: str) -> object:
    with closing(psycopg.connect(server.dsn, autocommit=True)) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return row and row[0]
