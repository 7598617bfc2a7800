"""The `serve` subcommand: runs an engine until a signal or its own end."""

import argparse
from functools import partial

from fixengine.commands.environment import Environment
from fixengine.commands.process import Events, run_process
from fixengine.engine.engine import Engine

_EVENTS = Events(
    "engine drains",
    "engine has drained",
    "engine ends, others do what it has not finished",
    "engine ends, it can't go on",
)


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add none."""


def run(_arguments: argparse.Namespace, environment: Environment) -> int:
    """Run an engine with the settings of the environment and return the exit code."""
    settings = environment.checked()
    logs = environment.logs(settings)
    engine = partial(Engine, settings, pod=environment.pod)
    return run_process(lambda failed: engine(on_failure=failed), events=_EVENTS, logs=logs)
