"""The `orders send` subcommand: orders from a file, or generated ones, put on the topic."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from threading import Event

import msgspec

from fixengine.commands.argument_types import positive
from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import OK
from fixengine.commands.progress import progress
from fixengine.demo.errors import DemoError
from fixengine.demo.feed.feed import FedOrder, orders
from fixengine.demo.feed.sending import OrderSender
from fixengine.demo.topics import count_records
from fixengine.errors import MalformedError
from fixengine.infra.kafka.cluster import Cluster
from fixengine.infra.process.interrupts import signals_as_event, signals_as_interrupts
from fixengine.wire.orders import decode_order

_DEFAULT_RATE = 20.0
_ANSWER_SECONDS = 5.0
_SHOWN_PROBLEMS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command and its options to the subcommand's parser."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    meaning = "write orders to the orders topic, as execution-service does"
    send = commands.add_parser("send", help=meaning, description=meaning)
    send.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="orders as JSON, one a line or in one array; - reads standard input "
        "(default: generated ones)",
    )
    send.add_argument(
        "--count", type=positive(int), metavar="N", help="generated orders (default: no end)"
    )
    send.add_argument(
        "--rate",
        type=positive(float),
        metavar="R",
        help=f"orders a second (default: {_DEFAULT_RATE:g} without an end, else all at once)",
    )
    send.add_argument(
        "--seed", type=int, default=1, help="generated orders follow from it (default: 1)"
    )
    send.add_argument(
        "--unchecked",
        action="store_true",
        help="send a file's orders also where an engine would refuse them",
    )


def run(arguments: argparse.Namespace, environment: Environment) -> int:
    """Send orders until there are no more, SIGTERM or Ctrl-C, and return 0.

    The ids of generated orders go on after as many as the topic has had, so that every run sends
    new orders. A file with a bad order is not sent at all. Raises DemoError for such a file, for a
    missing topic, and when the broker does not take the orders.
    """
    settings = environment.settings()
    cluster = Cluster.of(settings, client_id=environment.pod)
    topic = settings.kafka_orders_topic
    sent: int | None = None
    with signals_as_interrupts():
        try:
            had = count_records(cluster, topic, deadline_seconds=_ANSWER_SECONDS)
            if had is None:
                missing = f"there is no topic {topic} at {cluster.brokers}"
                raise DemoError(f"{missing}: look at KAFKA_ORDERS_TOPIC, or make it")
            read: list[FedOrder] | None = None
            if arguments.file is not None:
                read = _read(arguments.file, checked=not arguments.unchecked)
            total = arguments.count if read is None else len(read)
            rate = arguments.rate or (None if total else _DEFAULT_RATE)
            source = _generated(arguments, had, rate) if read is None else iter(read)
            sender = OrderSender(cluster, topic=topic)
            many = "orders without end" if total is None else str(total)
            bar = progress(total, title=f"orders to {topic}", begin=f"sending {many} to {topic}")
            with signals_as_event() as over, bar as show:
                sent = _send(source, sender, rate=rate, over=over, show=show)
        except KeyboardInterrupt:
            if sent is None:
                return OK
    sender.flush()
    print(f"{sent} orders sent", flush=True)
    return OK


def _generated(arguments: argparse.Namespace, had: int, rate: float | None) -> Iterator[FedOrder]:
    """Return new orders, received when they are sent at that rate, or all of them now."""
    generated = orders(seed=arguments.seed, first_id=had + 1, since=datetime.now(UTC), rate=rate)
    return islice(generated, arguments.count)


def _send(
    source: Iterator[FedOrder],
    sender: OrderSender,
    *,
    rate: float | None,
    over: Event,
    show: Callable[[int], None],
) -> int:
    """Send orders until there are no more, or it is over; return how many were sent."""
    sent = 0
    began = time.monotonic()
    for order in source:
        pause = 0.0 if rate is None else began + sent / rate - time.monotonic()
        if over.wait(max(0.0, pause)) or not sender.send(order, given_up=over.is_set):
            break
        sent += 1
        show(sent)
    return sent


def _read(path: str, *, checked: bool) -> list[FedOrder]:
    read: list[FedOrder] = []
    problems: list[str] = []
    for place, value in _values(path):
        try:
            key = str(decode_order(value).id).encode()
        except MalformedError as error:
            problems.append(f"{place}: {error}")
            key = None
        read.append(FedOrder(key=key, value=value, headers=(), kind="given", expected=None))
    if problems and checked:
        more = len(problems) - _SHOWN_PROBLEMS
        shown = problems[:_SHOWN_PROBLEMS] + ([f"and {more} more"] if more > 0 else [])
        raise DemoError(
            f"nothing was sent, for {len(problems)} of {len(read)} orders are bad: "
            f"correct them, or send them all the same with --unchecked\n  " + "\n  ".join(shown)
        )
    return read


def _values(path: str) -> Iterator[tuple[str, bytes]]:
    """Yield each order's bytes as they are in the file, and where that is."""
    try:
        if path == "-":
            content = sys.stdin.buffer.read()
        else:
            with open(path, "rb") as file:  # noqa: PTH123 - a name from the command line
                content = file.read()
    except OSError as error:
        raise DemoError(f"{path} can't be read: {error.strerror}") from error
    if content.lstrip().startswith(b"["):
        try:
            array = msgspec.json.decode(content, type=list[msgspec.Raw])
        except msgspec.DecodeError as error:
            raise DemoError(f"{path} is no JSON array: {error}") from error
        for number, item in enumerate(array, 1):
            yield f"order {number}", bytes(item)
        return
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            yield f"line {number}", line
