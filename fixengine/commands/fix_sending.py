"""The `fix send` subcommand: orders from a file, or generated ones, sent to a FIX gateway."""

import argparse
import ssl
import sys
from collections.abc import Iterator
from contextlib import suppress
from math import inf
from pathlib import Path

from fixengine.commands.argument_types import positive
from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import FAILED, INTERRUPTED, OK
from fixengine.commands.progress import progress
from fixengine.config.addresses import address
from fixengine.counterparty.orders import Order, generated, read_orders
from fixengine.counterparty.sending import Sender
from fixengine.counterparty.view import status_name
from fixengine.errors import ConflictError, UnavailableError
from fixengine.fix import tags
from fixengine.fix.dictionary import Dictionary, versions
from fixengine.fix.settings import SessionSettings
from fixengine.infra.fix.initiator import Initiator
from fixengine.infra.fix.numbers import NumbersInFile
from fixengine.infra.process.interrupts import signals_as_event, signals_as_interrupts

_LAST_WORDS_SECONDS = 0.5
_VERSIONS = [each.decode() for each in versions()]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the subcommand's parser."""
    parser.add_argument(
        "address", type=_address, metavar="HOST:PORT", help="address of the gateway"
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--count", type=positive(int), metavar="N", help="send so many generated market orders"
    )
    what.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="an order a line, its fields as 55=AAPL|54=1|38=100; - reads standard input",
    )
    parser.add_argument(
        "--symbols",
        nargs="+",
        type=_value,
        default=["AAPL"],
        metavar="TICKER",
        help="securities of generated orders (default: AAPL)",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="generated orders follow from it (default: 1)"
    )
    parser.add_argument(
        "--sender", type=_value, default="CLIENT", help="own CompID (default: CLIENT)"
    )
    parser.add_argument(
        "--target",
        type=_value,
        default="FIXENGINE",
        help="the gateway's CompID (default: FIXENGINE)",
    )
    parser.add_argument(
        "--version", choices=_VERSIONS, default="FIX.4.4", help="BeginString (default: FIX.4.4)"
    )
    parser.add_argument(
        "--username",
        type=_value,
        help="Username of the Logon; its Password comes from FIX_PASSWORD",
    )
    parser.add_argument(
        "--heartbeat",
        type=positive(int),
        default=30,
        metavar="S",
        help="HeartBtInt in seconds (default: 30)",
    )
    parser.add_argument(
        "--numbers",
        metavar="FILE",
        help="go on with the numbers in this file (a new file, and default: both begin at 1)",
    )
    parser.add_argument(
        "--within",
        type=positive(float),
        default=600.0,
        metavar="S",
        help="seconds after which open orders are cancelled, as with Ctrl-C (default: 600)",
    )
    parser.add_argument("--tls", action="store_true", help="encrypt the connection")
    parser.add_argument(
        "--ca", metavar="FILE", help="who signs the gateway's certificate; implies --tls"
    )
    parser.add_argument(
        "--certificate", metavar="FILE", help="own certificate with its key; implies --tls"
    )


def send(arguments: argparse.Namespace, environment: Environment) -> int:
    """Send orders until all have come to an end; return 0 if so, and none was rejected, else 1.

    Ctrl-C once sends no more and asks for the end of all that are open, twice leaves them. Return
    130 where an order was not sent, or has not come to an end. Raises ConflictError and
    MalformedError for files that can't be used, UnavailableError when the gateway takes no Logon.
    """
    password = environment.settings().fix_password
    dictionary = versions()[arguments.version.encode()]
    orders, total = _orders(arguments, dictionary)
    initiator = Initiator(
        arguments.address,
        SessionSettings(
            own=arguments.sender.encode(),
            peer=arguments.target.encode(),
            dictionary=dictionary,
            heartbeat_seconds=arguments.heartbeat,
            logon_fields=tuple(
                (tag, text.encode())
                for tag, text in ((tags.USERNAME, arguments.username), (tags.PASSWORD, password))
                if text
            ),
        ),
        tls=_tls(arguments),
        numbers=NumbersInFile(Path(arguments.numbers)) if arguments.numbers else None,
    )
    with signals_as_interrupts():
        nothing_came = initiator.next_numbers.next_in == 1  # so both sides can begin anew
        initiator.logon(reset=nothing_came)
    bar = progress(total, title="orders done", begin=f"sending {total} orders")
    with signals_as_event() as over, bar as show:
        sender = Sender(
            initiator, dictionary, over=over, within=arguments.within, say=_say, show=show
        )
        all_ended = sender.run(orders)
        with suppress(UnavailableError):
            initiator.logout("all is said", within=inf if all_ended else _LAST_WORDS_SECONDS)
    for status, count in sender.book.counts.items():
        print(f"{count} {status_name(status, dictionary)}")
    unsent = total - len(sender.book.entries)
    if unsent:
        print(f"{unsent} not sent")
    if unsent or not all_ended:
        return INTERRUPTED
    return FAILED if sender.book.is_refused else OK


def _say(line: str) -> None:
    print(line, flush=True)


def _orders(
    arguments: argparse.Namespace, dictionary: Dictionary
) -> tuple[Iterator[Order] | list[Order], int]:
    """Return the orders, and how many there are."""
    if arguments.count is not None:
        made = generated(arguments.count, arguments.symbols, seed=arguments.seed)
        return made, arguments.count
    try:
        if arguments.file == "-":
            content = sys.stdin.buffer.read()
        else:
            content = Path(arguments.file).read_bytes()
    except OSError as error:
        raise ConflictError(f"{arguments.file} can't be read: {error.strerror}") from error
    orders = read_orders(content.split(b"\n"), dictionary)
    return orders, len(orders)


def _tls(arguments: argparse.Namespace) -> ssl.SSLContext | None:
    """Return how to encrypt; None where no option asks for it."""
    if not (arguments.tls or arguments.ca or arguments.certificate):
        return None
    try:
        context = ssl.create_default_context(cafile=arguments.ca)
        if arguments.certificate:
            # without the answer, OpenSSL would ask the terminal for a key's password
            context.load_cert_chain(arguments.certificate, password=str)
    except OSError as error:
        raise ConflictError(f"the files of TLS can't be used: {error}: give them in PEM") from error
    return context


def _value(text: str) -> str:
    if not text or not text.isascii() or not text.isprintable():
        raise argparse.ArgumentTypeError(f"{text!r} can't be sent: give visible ASCII characters")
    return text


def _address(text: str) -> tuple[str, int]:
    try:
        host, _, port = address(text).rpartition(":")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return host.removeprefix("[").removesuffix("]"), int(port)
