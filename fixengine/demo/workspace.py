"""Where a stack lives: its folder, its ports and its processes, and the end of all of them."""

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from fixengine.demo import guard
from fixengine.demo.errors import DemoError
from fixengine.demo.process import ChildProcess, Watch


class Workspace:
    """A context manager: after it no process runs and no file is left, however it ended.

    With `keep`, a folder that is empty or not there yet, the files stay.
    """

    def __init__(self, *, keep: Path | None = None) -> None:
        self.folder = _kept(keep) if keep else Path(tempfile.mkdtemp(prefix="fixengine-"))
        self._children: list[ChildProcess] = []
        self._reservations: list[socket.socket] = []
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            cwd="/",
            start_new_session=True,
            text=True,
        )
        if not keep:
            self._tell(f"remove {self.folder}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def child(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        last_signal: signal.Signals = signal.SIGKILL,
    ) -> ChildProcess:
        """Return a process to start, whose log is `NAME.log` in the folder.

        Raises DemoError if another has that name: they would share log and folder.
        """
        if any(child.name == name for child in self._children):
            raise DemoError(f"the workspace has a {name} already: give this one another name")
        child = ChildProcess(
            name=name,
            command=command,
            log=self.folder / f"{name}.log",
            watch=Watch(began=self._watch, ended=self._forget),
            environment=environment,
            user=user,
            last_signal=last_signal,
        )
        self._children.append(child)
        return child

    def subfolder(self, name: str) -> Path:
        """Return a folder in the workspace, made if need be."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def reserve_port(self) -> int:
        """Return a TCP port of 127.0.0.1 that nobody else is given while the workspace lasts.

        On Linux a bound socket that does not listen holds it: a server that sets SO_REUSEADDR,
        as servers do, may still listen there, and until one does a client is refused.
        """
        reservation = socket.socket()
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reservation.bind(("127.0.0.1", 0))
        port: int = reservation.getsockname()[1]
        if sys.platform == "linux":
            self._reservations.append(reservation)
        else:
            reservation.close()
        return port

    def close(self) -> None:
        """End the processes, the last started first, and remove the folder; safe to repeat."""
        while self._children:
            self._children.pop().end()
        while self._reservations:
            self._reservations.pop().close()
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait()

    def _watch(self, pid: int, last_signal: signal.Signals) -> None:
        self._tell(f"watch {pid} {last_signal.value}")

    def _forget(self, pid: int) -> None:
        self._tell(f"forget {pid}")

    def _tell(self, line: str) -> None:
        if self._guard.stdin is None or self._guard.stdin.closed:
            raise DemoError("the workspace is closed")
        print(line, file=self._guard.stdin, flush=True)


def _kept(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise DemoError(f"{folder} is not empty: choose a new folder to keep the files in")
    except OSError as error:
        raise DemoError(f"{folder} can't hold the files: {error}") from error
    return folder.resolve()


def program(name: str, *, what: str) -> str:
    """Return the path of a program on this machine; raise DemoError, saying `what` needs it."""
    path = shutil.which(name)
    if path is None:
        raise DemoError(f"{what} needs {name}, which is not installed or not on the PATH")
    return path
