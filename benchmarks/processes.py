"""The CPU that processes have taken, as /proc tells it; Linux alone."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.sql import number_of

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stat:
    """What is read of a process; `cpu` is its own, `waited_for` that of children that ended."""

    pid: int
    name: str
    parent: int
    session: int
    cpu: float
    waited_for: float
    resident: float


def session_cpu(leader: int) -> float:
    """Return the CPU seconds of all processes of a session."""
    return sum(each.cpu + each.waited_for for each in _stats() if each.session == leader)


def session_pids(leader: int) -> tuple[int, ...]:
    """Return the processes of a session."""
    return tuple(each.pid for each in _stats() if each.session == leader)


def session_resident(leader: int) -> float:
    """Return the MiB that the processes of a session hold; what they share counts for each."""
    return sum(each.resident for each in _stats() if each.session == leader)


def database_cpu(connection: psycopg.Connection) -> float | None:
    """Return the CPU seconds of a whole server; None if it is not on this machine."""
    server, *children = _of_server(connection) or (None,)
    if server is None:
        return None
    return server.cpu + server.waited_for + sum(each.cpu for each in children)


def database_pids(connection: psycopg.Connection) -> tuple[int, ...]:
    """Return the processes of a whole server; none if it is not on this machine."""
    return tuple(each.pid for each in _of_server(connection))


def waited_for_cores(pids: Iterable[int]) -> float:
    """Return the seconds that threads of these processes were ready and others had the cores.

    Those that have ended do not count.
    """
    waited = 0
    for pid in pids:
        for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(FileNotFoundError, ProcessLookupError):
                waited += int(file.read_text("ascii").split()[1])
    return waited / 1e9


def _of_server(connection: psycopg.Connection) -> tuple[_Stat, ...]:
    """Return the server's first process, then its children."""
    backend = number_of(connection, "select pg_backend_pid()")
    stats = {each.pid: each for each in _stats()}
    found = stats.get(backend)
    if found is None or not found.name.startswith("postgres"):
        return ()
    children = (each for each in stats.values() if each.parent == found.parent)
    return stats[found.parent], *children


def _stats() -> Iterator[_Stat]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            text = (folder / "stat").read_text("utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
        head, _, tail = text.rpartition(")")
        fields = tail.split()
        times = [int(field) / _TICKS for field in fields[11:15]]
        yield _Stat(
            pid=int(folder.name),
            name=head.partition("(")[2],
            parent=int(fields[1]),
            session=int(fields[3]),
            cpu=times[0] + times[1],
            waited_for=times[2] + times[3],
            resident=int(fields[21]) * _PAGES / 2**20,
        )
