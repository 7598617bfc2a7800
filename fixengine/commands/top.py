"""The `top` subcommand: a live view of a running engine, by its REST address."""

import argparse
import time
from importlib.util import find_spec

from fixengine.commands.argument_types import DEFAULT_ADDRESS, positive, rest_address
from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import OK
from fixengine.errors import ConflictError, UnavailableError
from fixengine.top.looks import Observer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to the subcommand's parser."""
    parser.add_argument(
        "address",
        nargs="*",
        type=rest_address,
        default=[DEFAULT_ADDRESS],
        help=f"REST addresses of engines that share a database (default: {DEFAULT_ADDRESS})",
    )
    parser.add_argument(
        "--every",
        type=positive(float),
        default=1.0,
        metavar="S",
        help="seconds between looks (default: 1)",
    )
    parser.add_argument(
        "--looks", type=positive(int), metavar="N", help="end after so many (default: no end)"
    )


def run(arguments: argparse.Namespace, _environment: Environment) -> int:
    """Look until Ctrl-C, or as often as `--looks` says; return the exit code.

    Raises ConflictError when the package that draws is not installed, UnavailableError when no
    engine answers at first.
    """
    if find_spec("rich") is None:
        raise ConflictError("top needs the package rich: pip install 'fixengine[top]'")
    from rich.console import Console  # noqa: PLC0415 - an extra's package

    from fixengine.top.view import opened_view  # noqa: PLC0415 - it imports that package

    addresses: list[str] = arguments.address
    observer = Observer({each: each for each in addresses})
    look = observer.look()
    if not any(state for _, state in look.engines):
        raise UnavailableError(f"no engine answers at {', '.join(addresses)}")
    left = arguments.looks
    try:
        with opened_view(Console(), title="fixengine top", rest_address=addresses[0]) as view:
            while True:
                view.show(look)
                if left is not None and (left := left - 1) == 0:
                    return OK
                time.sleep(arguments.every)
                look = observer.look()
    finally:
        observer.close()
