"""What an operator may ask of a running process: more of the log, and all stacks."""

import sys
import threading
import traceback
from collections.abc import Callable

from loguru import logger

from fixengine.infra.process.logs import Logs

_VERBOSE = "debug"


def verbose_switch(logs: Logs) -> Callable[[], None]:
    """Return what switches the log to debug, and back to what it is now."""
    usual = logs.level

    def switch() -> None:
        logs.set_level(usual if logs.level == _VERBOSE else _VERBOSE)
        logger.bind(log_level=logs.level).warning("the log's level was changed")

    return switch


def log_uncaught() -> None:
    """Have the log tell of errors that nobody catches, in threads and where nobody can."""

    def of_a_thread(args: threading.ExceptHookArgs) -> None:
        name = None if args.thread is None else args.thread.name
        logger.bind(of=name).opt(exception=args.exc_value).error(
            "a thread ended with an error that nobody caught"
        )

    def of_a_callback(args: "sys.UnraisableHookArgs") -> None:
        logger.bind(of=repr(args.object)).opt(exception=args.exc_value).error(
            "an error was passed over, nobody could catch it"
        )

    threading.excepthook = of_a_thread
    sys.unraisablehook = of_a_callback


def log_stacks() -> None:
    """Log a line for each thread, with where it is."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():  # noqa: SLF001 - its only name
        stack = "".join(traceback.format_stack(frame))
        logger.bind(of=names.get(ident, str(ident)), stack=stack).warning("stack of a thread")
