"""What an operator may ask of a running process: more of the log, and all stacks."""

import sys
import threading
import traceback
from collections.abc import Callable

from loguru import logger

from fixengine.infra.logs import Logs

_VERBOSE = "debug"


def verbose_switch(logs: Logs) -> Callable[[], None]:
    """Return what switches the log to debug, and back to what it is now."""
    usual = logs.level

    def switch() -> None:
        logs.set_level(usual if logs.level == _VERBOSE else _VERBOSE)
        logger.bind(log_level=logs.level).warning("the log's level was changed")

    return switch


def log_stacks() -> None:
    """Log a line for each thread, with where it is."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():  # noqa: SLF001 - its only name
        stack = "".join(traceback.format_stack(frame))
        logger.bind(of=names.get(ident, str(ident)), stack=stack).warning("stack of a thread")
