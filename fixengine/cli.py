"""The command line: the only reader of the environment, and the only place that exits."""

import argparse
import os
import re
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from types import TracebackType
from typing import NoReturn

from loguru import logger

from fixengine import __version__
from fixengine.commands import audit, demo, dlq, top
from fixengine.commands import orders as orders_command
from fixengine.commands import serve as app
from fixengine.commands import stubs as neighbours
from fixengine.commands.options import moment
from fixengine.config import Settings, describe, keep_secret, load, notes
from fixengine.errors import ConfigError, FixengineError
from fixengine.infra.process.logs import LAST_WORDS, Logs, configure_logs, log_lines
from fixengine.ports.kafka import EVER
from fixengine.secrets import known

OK, FAILED, MISUSED = 0, 1, 2

_NOT_OF_NAMES = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_NAME = 63  # of a host, and of what PostgreSQL calls an application


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 when it succeeded, 1 when it failed, 2 when it was misused."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows ASCII alone
    sys.excepthook = _crashed
    parsed = _parser().parse_args(arguments)
    try:
        code: int = parsed.command(parsed)
    except ConfigError as error:
        for problem in error.problems:
            _complain(problem)
        code = MISUSED
    except FixengineError as error:
        _complain(str(error))
        code = FAILED
    except BrokenPipeError:  # whoever reads the output has seen enough of it
        code = FAILED
    with suppress(OSError):  # a pipe that nobody reads, a terminal that was closed
        sys.stdout.flush()
    log_lines.flush(LAST_WORDS)
    # Not sys.exit: a thread that is stuck in a call would keep the process alive.
    os._exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fixengine", description="The execution engine of a trading suite."
    )
    parser.add_argument("--version", action="version", version=f"fixengine {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, meaning in (
        ("serve", _serve, "run an engine until SIGTERM; settings come from the environment"),
        ("migrate", _migrate, "bring the database to this program's schema; serve does it too"),
        ("check-config", _check_config, "show the settings in the environment, or what is wrong"),
    ):
        commands.add_parser(name, help=meaning, description=meaning).set_defaults(command=command)
    _add_reconcile(commands)
    for name, part, run, meaning in (
        ("demo", demo, demo.run, "run everything here, with embedded parts, and watch it"),
        ("stubs", neighbours, neighbours.run, "stand in for security-service and pricing-service"),
        ("orders", orders_command, _orders, "write orders to the topic, to play with engines"),
        ("top", top, top.run, "watch running engines on the terminal, by their REST addresses"),
        ("audit", audit, _audit, "judge what engines have left in the database and on the topics"),
        ("dlq", dlq, _dlq, "see why orders are dead letters, mend them, send them again"),
    ):
        parser_of_part = commands.add_parser(name, help=meaning, description=meaning)
        part.add_arguments(parser_of_part)
        parser_of_part.set_defaults(command=run)
    return parser


def _add_reconcile(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    meaning = "bring a restored database forward to what the topics have had since its backup"
    parser = commands.add_parser("reconcile", help=meaning, description=meaning)
    parser.add_argument(
        "--since",
        type=moment,
        default=EVER,
        metavar="TIME",
        help="not after the backup, as 2026-07-28T09:30:00Z (default: read the topics whole)",
    )
    parser.add_argument(
        "--apply", action="store_true", help="do it; without this it only says what it would do"
    )
    parser.set_defaults(command=_reconcile)


def _reconcile(arguments: argparse.Namespace) -> int:
    done = app.reconcile_once(_settings(), pod=_pod(), since=arguments.since, apply=arguments.apply)
    _say(f"{done.database.messages} messages of fills read")
    _say(f"{done.database.executions_restored} executions restored")
    _say(f"{done.database.executions_moved_on} executions moved on")
    _say(f"{done.database.fills_restored} fills restored to the ledger")
    _say(f"{done.database.outbox_rows_removed} fills found published")
    _say(f"{done.orders_read_again} orders to be read again")
    if not arguments.apply:
        _say("nothing was changed: add --apply")
    return OK


def _serve(_arguments: argparse.Namespace) -> int:
    settings = _checked()
    return app.serve(settings, pod=_pod(), logs=_logs(settings))


def _migrate(_arguments: argparse.Namespace) -> int:
    applied = app.migrate_once(_settings(), pod=_pod())
    _say(f"{len(applied)} migrations applied" if applied else "the schema is up to date")
    for migration in applied:
        _say(f"  {migration.version:04} {migration.name}")
    return OK


def _check_config(_arguments: argparse.Namespace) -> int:
    for name, value in describe(_settings()):
        _say(f"{name}={value}")
    return OK


def _orders(arguments: argparse.Namespace) -> int:
    return orders_command.run(arguments, _checked(), pod=_pod())


def _dlq(arguments: argparse.Namespace) -> int:
    return dlq.run(arguments, _settings(), pod=_pod())


def _audit(arguments: argparse.Namespace) -> int:
    return audit.run(arguments, _settings(), pod=_pod())


def _settings() -> Settings:
    settings = _checked()
    _logs(settings)
    return settings


def _checked() -> Settings:
    settings = load(_environment())
    keep_secret(settings)
    app.check(settings)
    return settings


def _logs(settings: Settings) -> Logs:
    logs = configure_logs(
        level=settings.log_level, json_lines=settings.log_format == "json", pod=_pod()
    )
    for note in notes(_environment()):
        logger.bind(reason=note).warning("a setting is taken otherwise than it is given")
    return logs


def _pod() -> str:
    """Return the host's name, as far as all that it is told to can take it."""
    name = os.environ.get("HOSTNAME") or socket.gethostname()
    return _NOT_OF_NAMES.sub("-", name)[:_LONGEST_NAME]


def _environment() -> dict[str, str]:
    """Return the environment as UTF-8, whatever the locale says."""
    return {
        name.decode(errors="surrogateescape"): text.decode(errors="surrogateescape")
        for name, text in os.environb.items()
    }


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _complain(line: str) -> None:
    log_lines.write(f"fixengine: {known.hide(line)}\n")


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log_lines.write(known.hide("".join(traceback.format_exception(kind, error, trace))))
    log_lines.flush(LAST_WORDS)
