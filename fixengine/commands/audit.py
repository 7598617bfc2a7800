"""The `audit` subcommand: its options, and its exit codes."""

import argparse

from fixengine.audit.session import perform
from fixengine.commands.argument_types import connection_string, moment
from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import INTERRUPTED
from fixengine.errors import ConflictError, FixengineError
from fixengine.infra.process.interrupts import signals_as_interrupts
from fixengine.infra.process.logs import complain

_HOLDS, _CONTRADICTED, _IMPOSSIBLE = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to the subcommand's parser."""
    parser.add_argument(
        "--dsn",
        action="append",
        type=connection_string,
        help="a database, one for each that orders are spread over (default: POSTGRES_DSN)",
    )
    parser.add_argument(
        "--since",
        type=moment,
        metavar="TIME",
        help="executions stored at that time or later, as 2026-07-28T09:30:00Z (default: all)",
    )
    parser.add_argument(
        "--until", type=moment, metavar="TIME", help="executions stored before (default: all)"
    )
    parser.add_argument(
        "--finished",
        action="store_true",
        help="the run is over: every order is filled, and every fill published",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="a JSON object for each contradiction and for the verdict, one a line",
    )


def run(arguments: argparse.Namespace, environment: Environment) -> int:
    """Audit and return 0 if the ledger holds, 1 if not, 2 if that can't be said."""
    settings = environment.settings()
    try:
        with signals_as_interrupts():
            _assert_in_order(arguments)
            return _HOLDS if perform(arguments, settings, pod=environment.pod) else _CONTRADICTED
    except FixengineError as error:
        complain(f"the audit can't be done: {error}")
        return _IMPOSSIBLE
    except KeyboardInterrupt:
        complain("the audit was interrupted: nothing is proved")
        return INTERRUPTED


def _assert_in_order(arguments: argparse.Namespace) -> None:
    since, until = arguments.since, arguments.until
    if since is not None and until is not None and since >= until:
        raise ConflictError(
            f"--since {since.isoformat()} is not before --until {until.isoformat()}"
        )
