"""The `check-config` subcommand: shows the settings in the environment, or what is wrong.

What is wrong with the FIX gateway's sessions it says too, where the settings name their file.
"""

import argparse
from collections.abc import Iterable, Set

from fixengine.commands.environment import Environment
from fixengine.commands.exit_codes import OK
from fixengine.commands.gateway_files import gateway_problems
from fixengine.config import Settings, describe


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add none."""


def run(_arguments: argparse.Namespace, environment: Environment) -> int:
    """Print each setting without its secrets; raises ConfigError for those that can't be used."""
    settings = environment.settings(_problems)
    for name, value in describe(settings):
        print(f"{name}={value}")
    return OK


def _problems(settings: Settings, unread: Set[str]) -> Iterable[str]:
    return () if settings.fix_sessions is None else gateway_problems(settings, unread)
