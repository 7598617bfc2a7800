"""The command line: the only reader of the environment, and the only place that exits."""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from typing import NoReturn

from fixengine import __version__, app
from fixengine.config import Settings, describe, load
from fixengine.demo import feeding, neighbours
from fixengine.demo import run as demo
from fixengine.errors import ConfigError, FixengineError
from fixengine.infra.logs import configure_logs

OK, FAILED, MISUSED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 when it succeeded, 1 when it failed, 2 when it was misused."""
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
    sys.stdout.flush()
    sys.stderr.flush()
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
    for name, part, run, meaning in (
        ("demo", demo, demo.run, "run everything here, with embedded parts, and watch it"),
        ("stubs", neighbours, neighbours.run, "stand in for security-service and pricing-service"),
        ("feed", feeding, _feed, "send generated orders to the broker in the environment"),
    ):
        parser_of_part = commands.add_parser(name, help=meaning, description=meaning)
        part.add_arguments(parser_of_part)
        parser_of_part.set_defaults(command=run)
    return parser


def _serve(_arguments: argparse.Namespace) -> int:
    return app.serve(_settings(), pod=_pod())


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


def _feed(arguments: argparse.Namespace) -> int:
    settings = load(os.environ)
    return feeding.run(
        arguments, bootstrap=settings.kafka_brokers, topic=settings.kafka_orders_topic
    )


def _settings() -> Settings:
    settings = load(os.environ)
    app.check(settings)
    configure_logs(level=settings.log_level, json_lines=settings.log_format == "json", pod=_pod())
    return settings


def _pod() -> str:
    return os.environ.get("HOSTNAME") or socket.gethostname()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _complain(line: str) -> None:
    sys.stderr.write(f"fixengine: {line}\n")
