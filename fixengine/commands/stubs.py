"""The `stubs` subcommand: the neighbours' stand-ins as a program of their own.

It needs no package of an extra, so that the engine's image can run it.
"""

import argparse
from contextlib import ExitStack
from time import sleep

from fixengine.commands.argument_types import port
from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import OK
from fixengine.demo.errors import DemoError
from fixengine.demo.feed.universe import all_listings
from fixengine.demo.neighbours.services import PricingService, SecurityService
from fixengine.infra.process.interrupts import signals_as_interrupts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to the subcommand's parser."""
    parser.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)"
    )
    parser.add_argument(
        "--security-port", type=port, default=8000, metavar="P", help="default: 8000"
    )
    parser.add_argument(
        "--pricing-port", type=port, default=8083, metavar="P", help="default: 8083"
    )
    parser.add_argument(
        "--latency", type=float, default=0.0, metavar="S", help="seconds for an answer (default: 0)"
    )
    parser.add_argument(
        "--security-latency",
        type=float,
        metavar="S",
        help="seconds for an answer of security-service (default: as --latency)",
    )
    parser.add_argument("--seed", type=int, default=1, help="prices follow from it (default: 1)")


def run(arguments: argparse.Namespace, _environment: Environment) -> int:
    """Serve until SIGTERM or Ctrl-C and return 0; raises DemoError when a port is taken."""
    host, listings = arguments.host, all_listings()
    securities = SecurityService(host=host, port=arguments.security_port, listings=listings)
    pricing = PricingService(
        host=host, port=arguments.pricing_port, listings=listings, seed=arguments.seed
    )
    securities.latency_seconds = pricing.latency_seconds = arguments.latency
    if arguments.security_latency is not None:
        securities.latency_seconds = arguments.security_latency
    with signals_as_interrupts(), ExitStack() as started:
        try:
            for stub in (securities, pricing):
                try:
                    stub.start()
                except OSError as error:
                    raise DemoError(f"can't listen on {stub.url}: {error}") from error
                started.callback(stub.stop)
                print(f"{type(stub).__name__} on {stub.url}", flush=True)
            while True:
                sleep(1)  # a signal that another thread receives ends no wait
        except KeyboardInterrupt:
            return OK
