"""The table of commands, and their modules."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from fixengine import commands
from fixengine.cli import COMMANDS, Command, module_of

NO_COMMANDS = {
    "__init__",
    "argument_types",
    "database",
    "environment",
    "exit_codes",
    "fix_sending",
    "gateway_files",
    "process",
    "progress",
}


def test_each_file_is_a_command_of_its_name() -> None:
    files = {file.stem for file in Path(commands.__path__[0]).glob("*.py")}
    assert {name.replace("-", "_") for name in COMMANDS} == files - NO_COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_the_shape_of_all(name: str) -> None:
    command = module_of(name)
    for member in ("add_arguments", "run"):
        expected = inspect.signature(getattr(Command, member)).parameters.values()
        parameters = inspect.signature(getattr(command, member)).parameters.values()
        assert [each.annotation for each in parameters] == [
            each.annotation for each in [*expected][1:]
        ]


def test_a_gateway_loads_nothing_of_an_engine_that_consumes() -> None:
    script = (
        "import sys; from fixengine.cli import parse; parse(['gateway']); "
        "print(*(name for name in sys.modules if name.startswith('fixengine.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "fixengine.gateway.gateway" in loaded
    assert not loaded & {
        "fixengine.engine.engine",
        "fixengine.engine.parts",
        "fixengine.actors.intake.intake",
    }


def test_an_engine_loads_no_other_command_and_nothing_that_only_others_need() -> None:
    script = (
        "import sys; from fixengine.cli import parse; parse(['serve']); "
        "names = {name.split('.')[1] for name in sys.modules if name.startswith('fixengine.')}; "
        "print(*names & {'audit', 'cancelling', 'counterparty', 'demo', 'dlq', 'top'}); "
        "print(*(name for name in sys.modules if name.startswith('fixengine.commands.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    others, loaded = done.stdout.splitlines()
    assert others == ""
    names = {name.rpartition(".")[2] for name in loaded.split()}
    assert names == {"environment", "exit_codes", "process", "serve"}
