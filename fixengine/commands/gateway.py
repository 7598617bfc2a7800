"""The `gateway` subcommand: runs a FIX gateway until a signal or its own end."""

import argparse
from functools import partial

from fixengine.commands.environment import Environment
from fixengine.commands.gateway_files import gateway_problems
from fixengine.commands.process import Events, run_process
from fixengine.config.fix_sessions import load_sessions
from fixengine.gateway.gateway import Gateway

_EVENTS = Events(
    "gateway drains",
    "gateway has drained",
    "gateway ends, others do what it has not finished",
    "gateway ends, it can't go on",
)


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add none."""


def run(_arguments: argparse.Namespace, environment: Environment) -> int:
    """Run a gateway with the settings of the environment and return the exit code."""
    settings = environment.checked(gateway_problems)
    agreements = load_sessions(settings)
    logs = environment.logs(settings)
    gateway = partial(Gateway, settings, agreements, pod=environment.pod)
    return run_process(lambda failed: gateway(on_failure=failed), events=_EVENTS, logs=logs)
