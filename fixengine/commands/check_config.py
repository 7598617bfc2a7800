"""The `check-config` subcommand: shows the settings in the environment, or what is wrong.

What is wrong with the FIX gateway's sessions it says too, where the settings name their file.
"""

import argparse

from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import OK
from fixengine.config import describe
from fixengine.config.fix_sessions import load_sessions
from fixengine.infra.fix.tls import tls_problems


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add none."""


def run(_arguments: argparse.Namespace, environment: Environment) -> int:
    """Print each setting without its secrets; raises ConfigError for those that can't be used."""
    settings = environment.settings()
    if settings.fix_sessions is not None:
        load_sessions(settings, beside=tls_problems(settings))
    for name, value in describe(settings):
        print(f"{name}={value}")
    return OK
