"""Starts a program in a memory group, with private copies of the files that it maps.

`python -I -S benchmarks/cell.py MEMBERS FOLDER COMMAND...`: MEMBERS is the file of the group's
processes. FOLDER has the copies, each at the path of its original within it; only root can use
them. Nothing is loaded between the first copy in place and COMMAND, so that the group pays for all
that it reads, as a pod does that comes first to its node.
"""

import ctypes
import os
import sys
from pathlib import Path

_NEW_MOUNTS = 0x00020000  # CLONE_NEWNS
_BIND, _PRIVATE_BELOW = 0x1000, 0x4000 | 0x40000  # MS_BIND, MS_REC | MS_PRIVATE


def main(members: str, folder: str, *command: str) -> None:
    """Become the program."""
    libc = ctypes.CDLL(None, use_errno=True)

    def done(result: int) -> None:
        if result != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"no private copies: {os.strerror(number)}")

    copies = [path for path in Path(folder).rglob("*") if path.is_file()]
    if copies:
        done(libc.unshare(_NEW_MOUNTS))
        done(libc.mount(b"none", b"/", None, _PRIVATE_BELOW, None))
    for copy in copies:
        original = Path("/") / copy.relative_to(folder)
        done(libc.mount(bytes(copy), bytes(original), None, _BIND, None))
    Path(members).write_text(str(os.getpid()), "ascii")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
