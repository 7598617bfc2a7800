"""The `fix` subcommand: `show`, `send`, `reset` and `hash-password`."""

import argparse
import sys
from collections.abc import Iterator
from getpass import getpass
from io import FileIO

from fixengine.commands.database import open_database
from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import FAILED, OK
from fixengine.commands.fix_sending import add_options, send
from fixengine.config.passwords import hash_password
from fixengine.counterparty.logs import read_log
from fixengine.counterparty.view import logged_lines
from fixengine.errors import ConflictError
from fixengine.infra.postgres.fix.resets import begin_anew
from fixengine.infra.postgres.schema.migrate import assert_current

_PIECE = 65_536


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands and their options to the subcommand's parser."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, add, carry_out, meaning in (
        ("show", _add_show, _show, "decode a log of FIX messages, and judge length and checksum"),
        ("send", add_options, send, "log on to a FIX gateway, and send orders until all are done"),
        ("reset", _add_reset, _reset, "have sessions begin at 1 at the next logon"),
        ("hash-password", None, _hash_password, "make of a password what a file of sessions keeps"),
    ):
        command = commands.add_parser(name, help=meaning, description=meaning)
        if add is not None:
            add(command)
        command.set_defaults(carry_out=carry_out)


def run(arguments: argparse.Namespace, environment: Environment) -> int:
    """Carry a command out and return the exit code."""
    code: int = arguments.carry_out(arguments, environment)
    return code


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        help="any text with FIX messages in it, with SOH, |, ^A, \\x01 or <SOH> between fields; "
        "- reads standard input",
    )


def _show(arguments: argparse.Namespace, _environment: Environment) -> int:
    """Show each message; return 0 if there are any, and all are good, else 1."""
    count = bad = 0
    for logged in read_log(_pieces(arguments.file)):
        count += 1
        bad += bool(logged.wrong)
        sys.stdout.writelines(f"{line}\n" for line in logged_lines(logged))
    print(f"{count} messages, {bad} bad")
    return OK if count and not bad else FAILED


def _pieces(name: str) -> Iterator[bytes]:
    try:
        with FileIO(0 if name == "-" else name, closefd=name != "-") as file:
            while piece := file.read(_PIECE):
                yield piece
    except OSError as error:
        raise ConflictError(f"{name} can't be read: {error.strerror}") from error


def _add_reset(parser: argparse.ArgumentParser) -> None:
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("peer", nargs="?", metavar="COMPID", help="of the client")
    whose.add_argument("--all", action="store_true", help="the sessions of all clients")


def _reset(arguments: argparse.Namespace, environment: Environment) -> int:
    """Mark the sessions in the database, and print which; raises ConflictError if there is none."""
    peer = None if arguments.all else arguments.peer.encode(errors="surrogateescape")
    with open_database(environment.settings(), pod=environment.pod) as connection:
        assert_current(connection)
        marked = begin_anew(connection, peer)
    for identity, is_held in marked:
        begin, own, client = (name.decode(errors="replace") for name in identity)
        when = "logs on again: it is logged on now" if is_held else "logs on"
        print(f"{begin} {client} with {own} begins anew when it {when}")
    if not marked:
        nobody = "nobody has ever" if peer is None else f"{arguments.peer} has never"
        raise ConflictError(f"{nobody} logged on, so there is nothing to reset")
    return OK


def _hash_password(_arguments: argparse.Namespace, _environment: Environment) -> int:
    """Ask for a password on a terminal, else read one; raises ConflictError for what is none."""
    if sys.stdin.isatty():
        password = getpass("Password: ")
        if getpass("Once more: ") != password:
            raise ConflictError("the two passwords differ: give the same one twice")
    else:
        password = sys.stdin.buffer.read().rstrip(b"\r\n").decode(errors="surrogateescape")
    if not password or not password.isprintable():
        raise ConflictError("this is no password: give one line of visible characters")
    print(hash_password(password.encode(errors="surrogateescape")))
    return OK
