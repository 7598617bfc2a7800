"""The audit as a command, of what a test's engines left."""

import json
from typing import Any

import pytest

from tests.support.commands import run_command
from tests.support.engines import Surroundings


def audit(
    run: Surroundings, capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
    """Return the exit code, the contradictions and the counts."""
    capsys.readouterr()
    code = run_command("audit", "--finished", "--json", variables=run.environment())
    *contradictions, counts = map(json.loads, capsys.readouterr().out.splitlines())
    return code, contradictions, counts
