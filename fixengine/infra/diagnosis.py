"""What an operator may ask of a running process by a signal: more of the log, and all stacks.

Answers are given by a thread of their own, for a handler runs in the midst of whatever the main
thread does, which may be a line of the log.
"""

import signal
import sys
import threading
import traceback
from collections.abc import Callable
from types import FrameType

from loguru import logger

from fixengine.infra.logs import Logs

MORE_LOG, STACKS = signal.SIGUSR1, signal.SIGUSR2
_VERBOSE = "debug"


def answer_signals(logs: Logs) -> None:
    """Switch the log to debug and back on SIGUSR1, write every thread's stack to it on SIGUSR2.

    For the main thread.
    """
    usual = logs.level

    def switch() -> None:
        logs.set_level(usual if logs.level == _VERBOSE else _VERBOSE)
        logger.bind(log_level=logs.level).warning("the log's level was changed")

    _on(MORE_LOG, switch)
    _on(STACKS, log_stacks)


def log_stacks() -> None:
    """Log a line for each thread, with where it is."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():  # noqa: SLF001 - its only name
        stack = "".join(traceback.format_stack(frame))
        logger.bind(of=names.get(ident, str(ident)), stack=stack).warning("stack of a thread")


def _on(number: signal.Signals, answer: Callable[[], None]) -> None:
    def handle(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=answer, name="diagnosis", daemon=True).start()

    signal.signal(number, handle)
