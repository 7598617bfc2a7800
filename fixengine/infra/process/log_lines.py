"""Lines on their way to standard error, which may be a pipe that nobody reads."""

import os
import select
import sys
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread, current_thread

MOST_WAITING = 2**20
"""Characters of lines that may wait to be read; further lines are lost, and counted."""

WRITTEN_WITHIN = 0.5
"""Seconds that whoever logs waits for a line to be written, as long as somebody reads lines.

So a line is out before its process can die of what it tells. Once nobody reads, nobody waits.
"""


class LogLines:
    """A stream for text whose lines are written by a thread of its own. Any thread may write.

    It is whole with eleven attributes: one lock guards the lines, and all that is counted of them.
    """

    def __init__(self, write: Callable[[str], None] | None = None) -> None:
        """Take what writes a text, and may wait for ever or raise OSError.

        By default that is standard error, as it is at that time.
        """
        self._write = write or _to_standard_error
        self._changed = Condition()
        self._waiting: deque[str] = deque()
        self._size = 0
        self._taken = 0
        self._done = 0
        self._stalled = False
        self._untold = 0
        self._on_lost: Callable[[], object] = lambda: None
        self._on_found: Callable[[int], object] = lambda _: None
        self._thread: Thread | None = None

    def watch(
        self,
        *,
        on_lost: Callable[[], object] | None = None,
        on_found: Callable[[int], object] | None = None,
    ) -> None:
        """Call the one for each line that is lost, the other with their number at the next read."""
        self._on_lost = on_lost or self._on_lost
        self._on_found = on_found or self._on_found

    def isatty(self) -> bool:
        """Whether a terminal reads it, which shows colours."""
        return sys.stderr is not None and sys.stderr.isatty()

    def write(self, text: str) -> None:
        """Hand over a text; wait a moment for it to be written, as long as somebody reads."""
        with self._changed:
            if self._size > MOST_WAITING:
                self._lose()
                return
            if not self._start():
                self._attempt(text)
                return
            self._waiting.append(text)
            self._size += len(text)
            self._taken += 1
            self._changed.notify_all()
            if not self._stalled and current_thread() is not self._thread:
                self._stalled = not self._wait_for(self._taken, WRITTEN_WITHIN)

    def flush(self, within: float = WRITTEN_WITHIN) -> None:
        """Wait until all is written, for `within` seconds at the most."""
        with self._changed:
            self._wait_for(self._taken, within)

    def _wait_for(self, number: int, seconds: float) -> bool:
        return self._changed.wait_for(lambda: self._done >= number, seconds)

    def _lose(self) -> None:
        self._untold += 1
        self._on_lost()

    def _start(self) -> bool:
        """Have a thread that writes; return False where the system gives none."""
        if self._thread is None:
            thread = Thread(target=self._run, name="log", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return False
            self._thread = thread
        return True

    def _attempt(self, text: str) -> bool:
        try:
            self._write(text)
        except Exception:  # noqa: BLE001  it is closed, the disk behind it is full, no memory
            return False
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                text = self._waiting[0]
            lost = self._written(text, is_read=self._attempt(text))
            if lost:
                self._on_found(lost)

    def _written(self, text: str, *, is_read: bool) -> int:
        """Let a text go; return how many were lost, once, when all that waited is read."""
        with self._changed:
            self._waiting.popleft()
            self._size -= len(text)
            self._done += 1
            if not is_read:
                self._lose()
            lost = 0
            if not self._waiting:
                self._stalled = False
                if is_read:
                    lost, self._untold = self._untold, 0
            self._changed.notify_all()
            return lost


def _to_standard_error(text: str) -> None:
    stream = sys.stderr
    if stream is None:
        raise OSError("standard error was closed before the start")
    try:
        descriptor = stream.fileno()
    except OSError:  # it is in memory
        stream.write(text)
        return
    # not by the stream: whoever uses it would wait for its lock as long as for a reader
    left = text.encode(errors="backslashreplace")
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:  # whoever shares it made it so
            select.select((), (descriptor,), ())
