"""An embedded PostgreSQL whose data is a copy of what was made once.

Making it takes a second of CPU, and forces all of it to disk.
"""

import atexit
import subprocess
from functools import cache
from pathlib import Path

from fixengine.demo.process import ChildProcess
from fixengine.demo.servers.postgres import PostgresServer
from fixengine.demo.workspace import Workspace


class CopiedPostgres(PostgresServer):
    """The demo's server, begun with a copy; one that is durable or a standby makes its own data."""

    def _prepare(self) -> ChildProcess:
        if self._primary is None and not self._durable:
            subprocess.run(["cp", "-a", f"{_original()}/.", self.data], check=True)
        return super()._prepare()


@cache
def _original() -> Path:
    workspace = Workspace()
    atexit.register(workspace.close)
    server = PostgresServer(workspace=workspace)
    server._prepare()
    return server.data
