"""The log: one event a line on standard error, from the engine and its libraries alike."""

import json
import logging
import sys
from datetime import UTC
from typing import TYPE_CHECKING

from loguru import logger

from fixengine.metrics import SERVICE

if TYPE_CHECKING:
    from loguru import Message, Record

# What these say below such a level is no news: a request that waits a moment, an actor that
# starts, every try to reach a database or a broker whose outage is in the log already.
_QUIET = {
    "librdkafka": logging.CRITICAL,
    "psycopg.pool": logging.ERROR,
    "pykka": logging.ERROR,
    "waitress.queue": logging.ERROR,
}
_COMMON_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def configure_logs(*, level: str, json_lines: bool, pod: str) -> None:
    """Log everything of `level`, a level's lower-case name, and above to standard error.

    As JSON with `service`, `pod` and all bound fields side by side, or as text for a terminal.
    Replaces whatever was configured before.
    """
    least = logger.level(level.upper())
    logger.remove()
    logger.configure(extra={"service": SERVICE, "pod": pod})
    if json_lines:
        # the text that is formatted for the sink is the traceback alone
        logger.add(
            _write_json,
            level=least.name,
            format=lambda _: "{exception}",
            backtrace=False,
            diagnose=False,
        )
    else:
        logger.add(sys.stderr, level=least.name, format=_text, backtrace=False, diagnose=False)
    root = logging.getLogger()
    root.handlers = [_Intercept()]
    root.setLevel(least.no)
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(quiet)


class _Intercept(logging.Handler):
    """Hands what libraries log to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        known = record.levelname in _COMMON_LEVELS
        logger.bind(logger=record.name).opt(exception=record.exc_info).log(
            record.levelname if known else record.levelno, record.getMessage()
        )


def _write_json(message: "Message") -> None:
    record = message.record
    fixed = {
        "time": record["time"].astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "level": record["level"].name.lower(),
        "event": record["message"],
        "thread": record["thread"].name,
    }
    traceback = {"exception": str(message)} if record["exception"] else {}
    line = json.dumps({**fixed, **record["extra"], **fixed, **traceback}, default=str)
    sys.stderr.write(line + "\n")


def _text(record: "Record") -> str:
    names = [name for name in record["extra"] if name not in {"service", "pod"}]
    fields = "".join(f" <dim>{name}=</dim>{{extra[{name}]!r}}" for name in names)
    return f"{{time:HH:mm:ss.SSS}} <level>{{level: <8}}</level> {{message}}{fields}\n{{exception}}"
