"""The guard: a process of its own that outlives the demo, whatever ends it, and cleans up.

It runs as a script and reads lines from standard input: `watch PID SIGNAL`, `forget PID`,
`remove FOLDER`. At the end of input, which also comes when the demo is killed, it ends the
process groups that are still watched and removes the folder.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

_PAUSE_SECONDS = 0.02


@dataclass(slots=True, kw_only=True)
class Duties:
    """What is left to clean up: last signals by process group, and folders."""

    signals: dict[int, int] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    patience_seconds: float = 5.0


def read_duties(lines: Iterable[str]) -> Duties:
    """Follow the lines to their end."""
    duties = Duties()
    for line in lines:
        match line.rstrip("\n").split(" ", 1):
            case ["watch", rest]:
                group, number = rest.split()
                duties.signals[int(group)] = int(number)
            case ["forget", group]:
                duties.signals.pop(int(group), None)
            case ["remove", folder]:
                duties.folders.append(folder)
            case _:
                raise ValueError(f"not a duty: {line!r}")
    return duties


def clean_up(duties: Duties) -> None:
    """Send each group its last signal, then SIGKILL what is left; remove the folders."""
    for group, number in duties.signals.items():
        _signal(group, number)
        _signal(group, signal.SIGCONT)
    deadline = time.monotonic() + duties.patience_seconds
    while any(_signal(group, 0) for group in duties.signals) and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
    for group in duties.signals:
        _signal(group, signal.SIGKILL)
    for folder in duties.folders:
        shutil.rmtree(folder, ignore_errors=True)


def _signal(group: int, number: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
        return True
    return False


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    clean_up(read_duties(sys.stdin))
