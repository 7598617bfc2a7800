"""The `check-config` subcommand: shows the settings in the environment, or what is wrong."""

import argparse

from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import OK
from fixengine.config import describe


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add none."""


def run(_arguments: argparse.Namespace, environment: Environment) -> int:
    """Print each setting without its secrets; raises ConfigError for those that can't be used."""
    for name, value in describe(environment.settings()):
        print(f"{name}={value}")
    return OK
