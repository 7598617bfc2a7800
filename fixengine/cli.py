"""The command line: the commands, and how a process ends; nothing else exits."""

import argparse
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from types import TracebackType
from typing import NoReturn, Protocol, cast

from fixengine import __version__
from fixengine.commands.environment import Environment, process_environment
from fixengine.commands.exit_codes import FAILED, INTERRUPTED, MISUSED
from fixengine.errors import ConfigError, FixengineError
from fixengine.infra.process.logs import LAST_WORDS, complain, log_lines
from fixengine.secrets import known

COMMANDS: Mapping[str, str] = {
    "serve": "run an engine until SIGTERM; settings come from the environment",
    "gateway": "run a FIX gateway until SIGTERM; settings come from the environment",
    "migrate": "bring the database to this program's schema; serve does it too",
    "check-config": "show the settings in the environment, or what is wrong",
    "reconcile": "bring a restored database forward to what the topics have had since its backup",
    "demo": "run everything here, with embedded parts, and watch it",
    "stubs": "stand in for security-service and pricing-service",
    "orders": "write orders to the topic, to play with engines",
    "cancel": "cancel executions, one or many, by the REST address of an engine",
    "fix": "decode FIX logs, send orders to a FIX gateway, reset sessions, hash passwords",
    "top": "watch running engines on the terminal, by their REST addresses",
    "audit": "judge what engines have left in the database and on the topics",
    "dlq": "see why orders are dead letters, mend them, send them again",
}
"""What each command does; `module_of` has the rest of it."""


class Command(Protocol):
    """What the module of a command has."""

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Add the command's options to its parser."""

    def run(self, arguments: argparse.Namespace, environment: Environment, /) -> int:
        """Carry the command out and return the exit code."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 when it succeeded, 1 when it failed, 2 when it was misused.

    130 when Ctrl-C came and the command has no other answer to it, as while it is loaded.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows ASCII alone
    sys.excepthook = _crashed
    try:
        parsed = parse(sys.argv[1:] if arguments is None else arguments)
        code: int = parsed.run(parsed, process_environment())
    except ConfigError as error:
        for problem in error.problems:
            complain(problem)
        code = MISUSED
    except FixengineError as error:
        complain(str(error))
        code = FAILED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:  # whoever reads the output has seen enough of it
        code = FAILED
    with suppress(OSError):  # a pipe that nobody reads, a terminal that was closed
        sys.stdout.flush()
    log_lines.flush(LAST_WORDS)
    # Not sys.exit: a thread that is stuck in a call would keep the process alive.
    os._exit(code)


def module_of(name: str) -> Command:
    """Load the module of a command."""
    return cast("Command", import_module(f"fixengine.commands.{name.replace('-', '_')}"))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command, and its `run`."""
    parser = argparse.ArgumentParser(
        prog="fixengine", description="The execution engine of a trading suite."
    )
    parser.add_argument("--version", action="version", version=f"fixengine {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, meaning in COMMANDS.items():
        of_command = commands.add_parser(name, help=meaning, description=meaning)
        if name in arguments:  # an engine does not pay for what other commands load
            command = module_of(name)
            command.add_arguments(of_command)
            of_command.set_defaults(run=command.run)
    return parser.parse_args(arguments)


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log_lines.write(known.hide("".join(traceback.format_exception(kind, error, trace))))
    log_lines.flush(LAST_WORDS)
