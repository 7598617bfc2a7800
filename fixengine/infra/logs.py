"""The log: one line an event on standard error, from the engine and the libraries alike."""

import json
import logging
import sys
from datetime import UTC
from typing import TYPE_CHECKING, Any, TextIO

from loguru import logger

if TYPE_CHECKING:
    from loguru import Message, Record

# These report what is no news at a lower level: a request that waits, an actor that starts.
_QUIET = ("waitress.queue", "pykka")


def configure_logs(*, level: str, json_lines: bool, pod: str, service: str) -> None:
    """Send every log line of this process to standard error, as JSON or as text for people.

    `level` is a level's lower-case name; `pod` and `service` are bound to every line. Replaces
    what was configured before.
    """
    name = level.upper()
    logger.remove()
    logger.configure(extra={"service": service, "pod": pod})
    if json_lines:
        logger.add(_JsonLines(sys.stderr), level=name, format=_nothing)
    else:
        logger.add(sys.stderr, level=name, format=_text, backtrace=False, diagnose=False)
    least = logger.level(name).no
    logging.basicConfig(handlers=[_Intercept()], level=least, force=True)
    for quiet in _QUIET:
        logging.getLogger(quiet).setLevel(logging.ERROR)
