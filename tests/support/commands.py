"""Commands, carried out in a test's own process, whose log they leave alone."""

import argparse
from collections.abc import Mapping

from fixengine.cli import module_of
from fixengine.commands.environment import Environment
from fixengine.config import Check, Settings, load


class _Quiet(Environment):
    def settings(self, *checks: Check) -> Settings:
        return load(self._variables, *checks)


def parse_words(command: str, *words: str) -> argparse.Namespace:
    """Return the arguments of a command; raises SystemExit for those that it refuses."""
    parser = argparse.ArgumentParser()
    module_of(command).add_arguments(parser)
    return parser.parse_args(words)


def run_command(command: str, *words: str, variables: Mapping[str, str] | None = None) -> int:
    """Carry a command out with these variables as its environment; return its exit code."""
    environment = _Quiet({"HOSTNAME": "test", **(variables or {})})
    return module_of(command).run(parse_words(command, *words), environment)
