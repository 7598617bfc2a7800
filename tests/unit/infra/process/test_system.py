"""What the system gives a process is taken as far as that is allowed."""

import subprocess
import sys

import pytest


def said_by(program: str) -> str:
    """Return what a process of its own says: limits and signals hold for all of it."""
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    ).stdout.strip()


@pytest.mark.parametrize(("hard", "taken"), [(300, "300"), (100, "100")])
def test_as_many_files_as_are_allowed_may_be_open(hard: int, taken: str) -> None:
    program = (
        "import resource; from fixengine.infra.process.system import take_what_is_allowed\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (100, {hard}))\n"
        "take_what_is_allowed(); print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    assert said_by(program) == taken


def test_a_child_that_ends_leaves_no_zombie() -> None:
    program = (
        "import os; from fixengine.infra.process.system import leave_no_zombies\n"
        "leave_no_zombies()\n"
        "child = os.fork() or os._exit(0)\n"
        "try: os.waitpid(child, 0)\n"
        "except ChildProcessError: print('nothing is left')"
    )
    assert said_by(program) == "nothing is left"
