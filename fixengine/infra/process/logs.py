"""The log: one event a line on standard error, from the engine and its libraries alike."""

import json
import logging
from collections import defaultdict
from datetime import UTC
from typing import TYPE_CHECKING

from loguru import logger

from fixengine.infra.process.log_lines import WRITTEN_WITHIN, LogLines
from fixengine.recurring import Counted
from fixengine.secrets import known
from fixengine.telemetry.metrics import SERVICE

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
LAST_WORDS = 0.3
"""Seconds for the last lines to be written when the process ends."""

# whoever ends waits no longer than whoever logs
assert LAST_WORDS <= WRITTEN_WITHIN

_OWN = {"service", "pod", "actor", "part"}
"""Fields whose values are the engine's own words."""

_COMMON_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


log_lines = LogLines()
"""Those of this process, all to its standard error."""


class Logs:
    """What the process logs, from a level on that may change while it runs."""

    def __init__(self, *, json_lines: bool, pod: str) -> None:
        """Log nothing yet.

        Lines are JSON with `service`, `pod` and all bound fields side by side, or text for a
        terminal. Replaces whatever was configured before.
        """
        logger.remove()
        logger.configure(extra={"service": SERVICE, "pod": pod})
        logging.getLogger().handlers = [_Intercept()]
        for name, quiet in _QUIET.items():
            logging.getLogger(name).setLevel(quiet)
        log_lines.watch(on_found=_tell_of_lost_lines)
        self._json_lines = json_lines
        self._sink: int | None = None
        self.level = ""

    def set_level(self, level: str) -> None:
        """Log everything of `level`, a level's lower-case name, and above to standard error."""
        before, self._sink = self._sink, self._add(logger.level(level.upper()).name)
        logging.getLogger().setLevel(logger.level(level.upper()).no)
        if before is not None:
            logger.remove(before)
        self.level = level

    def _add(self, least: str) -> int:
        if not self._json_lines:
            return logger.add(
                _write_text,
                level=least,
                format=_text,
                colorize=log_lines.isatty(),
                backtrace=False,
                diagnose=False,
            )
        # the text that is formatted for the sink is the traceback alone
        return logger.add(
            _write_json,
            level=least,
            format=lambda _: "{exception}",
            backtrace=False,
            diagnose=False,
        )


def configure_logs(*, level: str, json_lines: bool, pod: str) -> Logs:
    """Log everything of `level`, a level's lower-case name, and above to standard error."""
    logs = Logs(json_lines=json_lines, pod=pod)
    logs.set_level(level)
    return logs


def complain(line: str) -> None:
    """Write a command's own line to standard error, which nobody may read, or which is closed."""
    log_lines.write(f"fixengine: {known.hide(line)}\n")


class _Intercept(logging.Handler):
    """Hands what libraries log to loguru.

    Troubles that one place in their source tells of are counted: a client may make them at will.
    """

    def __init__(self) -> None:
        super().__init__()
        self._troubles: defaultdict[tuple[str, int], Counted] = defaultdict(Counted)

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.WARNING:
            _hand_on(record)
        else:
            troubles = self._troubles[record.pathname, record.lineno]
            troubles.happened(lambda times: _hand_on(record, times=times))


def _hand_on(record: logging.LogRecord, **fields: int) -> None:
    known = record.levelname in _COMMON_LEVELS
    logger.bind(logger=record.name, **fields).opt(exception=record.exc_info).log(
        record.levelname if known else record.levelno, record.getMessage()
    )


def _tell_of_lost_lines(lines: int) -> None:
    logger.bind(lines=lines).warning("lines of the log were lost, nobody could read them")


def _write_text(message: "Message") -> None:
    log_lines.write(known.hide(str(message)))


def _write_json(message: "Message") -> None:
    record = message.record
    fixed = {
        "time": record["time"].astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "level": record["level"].name.lower(),
        "event": known.hide(record["message"]),
        "thread": record["thread"].name,
    }
    traceback = {"exception": known.hide(str(message))} if record["exception"] else {}
    fields = {
        name: value if name in _OWN else _without_secrets(value)
        for name, value in record["extra"].items()
    }
    line = json.dumps({**fixed, **fields, **fixed, **traceback})
    log_lines.write(line + "\n")


def _without_secrets(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case list() | tuple():
            return [_without_secrets(each) for each in value]
        case dict():
            return {str(name): _without_secrets(each) for name, each in value.items()}
        case _:
            return known.hide(str(value))


def _text(record: "Record") -> str:
    names = [name for name in record["extra"] if name not in {"service", "pod"}]
    fields = "".join(f" <dim>{name}=</dim>{{extra[{name}]!r}}" for name in names)
    return f"{{time:HH:mm:ss.SSS}} <level>{{level: <8}}</level> {{message}}{fields}\n{{exception}}"
