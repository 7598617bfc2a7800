"""Private copies of the files that a program maps, none of which is in memory yet."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path


def mapped_files(pids: Iterable[int]) -> frozenset[Path]:
    """Return the files that processes have mapped, among them their program and libraries."""
    lines = (line for pid in pids for line in Path(f"/proc/{pid}/maps").read_text().splitlines())
    paths = (Path(line[line.index("/") :]) for line in lines if "/" in line)
    return frozenset(path for path in paths if path.is_file() and not path.is_relative_to("/dev"))


def copy_cold(originals: Iterable[Path], folder: Path) -> None:
    """Copy each to its path within `folder`, and let go of what the copies hold in memory."""
    for original in originals:
        copy = folder / original.relative_to("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(original, copy)
        with copy.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
