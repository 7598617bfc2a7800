"""A memory cgroup of its own, whose working set is what the kubelet would report of a pod."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

from fixengine.demo.waiting import wait_until

_numbers = count(1)


class _Kind(NamedTuple):
    """Where a version of cgroups has its groups, and how they say what they hold."""

    root: Path
    usage: str
    inactive: str


_KINDS = (
    _Kind(Path("/sys/fs/cgroup"), "memory.current", "inactive_file"),
    _Kind(Path("/sys/fs/cgroup/memory"), "memory.usage_in_bytes", "total_inactive_file"),
)


class MemoryGroup:
    """A group; who writes its process id to `members` is in it, and so are its children."""

    def __init__(self, folder: Path, *, usage: str, inactive: str) -> None:
        self.members = folder / "cgroup.procs"
        self._usage = folder / usage
        self._stat = folder / "memory.stat"
        self._inactive = f"{inactive} "

    def working_set(self) -> float:
        """Return MiB: all that is charged to it, without files that nobody has used of late."""
        lines = self._stat.read_text("ascii").splitlines()
        (inactive,) = (line.split()[1] for line in lines if line.startswith(self._inactive))
        return max(int(self._usage.read_text("ascii")) - int(inactive), 0) / 2**20


@contextmanager
def memory_group() -> Iterator[MemoryGroup | None]:
    """Lend a new group, empty again when it comes back; None where none can be made."""
    for kind in _KINDS:
        folder = kind.root / f"fixengine-bench-{os.getpid()}-{next(_numbers)}"
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            if (folder / kind.usage).exists():
                yield MemoryGroup(folder, usage=kind.usage, inactive=kind.inactive)
                members = folder / "cgroup.procs"
                wait_until(lambda: not members.read_text("ascii"), 10, "the group to be empty")  # noqa: B023 - it returns before the next turn
                return
        finally:
            folder.rmdir()
    yield None
