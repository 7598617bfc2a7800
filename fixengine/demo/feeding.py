"""The `feed` subcommand: the order generator, sent to a broker that is there already."""

import argparse
import time
from datetime import UTC, datetime
from itertools import islice

from fixengine.demo.errors import DemoError
from fixengine.demo.interrupts import signals_as_interrupts
from fixengine.demo.options import positive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to the subcommand's parser."""
    parser.add_argument(
        "--orders", type=positive(int), metavar="N", help="orders to send (default: no end)"
    )
    parser.add_argument(
        "--rate",
        type=positive(float),
        default=20.0,
        metavar="R",
        help="orders a second (default: 20)",
    )
    parser.add_argument("--seed", type=int, default=1, help="orders follow from it (default: 1)")


def run(arguments: argparse.Namespace, *, bootstrap: str, topic: str) -> int:
    """Send orders until there are enough of them, SIGTERM or Ctrl-C, and return 0.

    Order ids go on after what the topic has had, so that every run sends new ones. Raises
    DemoError when the topic is missing or the broker does not take the orders.
    """
    # The engine's process never needs these, and pays for what its command line imports.
    from fixengine.demo.feed import orders  # noqa: PLC0415
    from fixengine.demo.sending import OrderSender  # noqa: PLC0415
    from fixengine.demo.topics import count_records  # noqa: PLC0415

    sent = 0
    with signals_as_interrupts():
        try:
            had = count_records(bootstrap, topic)
            if had is None:
                raise DemoError(f"there is no topic {topic} at {bootstrap}")
            sender = OrderSender(bootstrap=bootstrap, topic=topic)
            print(f"sending {arguments.rate:g} orders a second to {topic}", flush=True)
            feed = orders(seed=arguments.seed, first_id=had + 1, since=datetime.now(UTC))
            began = time.monotonic()
            for order in islice(feed, arguments.orders):
                time.sleep(max(0.0, began + sent / arguments.rate - time.monotonic()))
                sender.send(order)
                sent += 1
        except KeyboardInterrupt:
            if not sent:
                return 0
    sender.flush()
    print(f"{sent} orders sent", flush=True)
    return 0
