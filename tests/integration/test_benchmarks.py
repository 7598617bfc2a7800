"""Any engine of the contract can be measured, and one that can't be is said to be so."""

import sys
from pathlib import Path

import pytest

from benchmarks.processes import session_pids
from benchmarks.program import Program, program_at, trial
from fixengine.demo.errors import DemoError
from fixengine.demo.stack import Stack
from fixengine.demo.waiting import wait_until

pytestmark = pytest.mark.any_broker


@pytest.fixture
def stack(bare_stack: Stack) -> Stack:
    bare_stack.start()
    return bare_stack


def peer(folder: Path, script: str) -> Program:
    file = folder / "peer"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return program_at(str(file))


def test_a_peer_is_watched_through_its_table_and_its_processes(
    stack: Stack, tmp_path: Path
) -> None:
    """It has no part of this engine but what the contract has, and a shell that waits for it."""
    copy = peer(tmp_path, f"{sys.executable} -m fixengine serve\nexit $?")
    with trial(stack, copy, {"FILL_DELAY_MIN": "0.1", "FILL_DELAY_MAX": "0.2"}) as at_work:
        pids = session_pids(at_work.pid)
        assert len(pids) == 2
        before = at_work.cpu()
        at_work.open_some(100)
        wait_until(lambda: at_work.fills() > 0, 60, "a fill")
        assert at_work.cpu() > before > 0
    wait_until(lambda: not session_pids(pids[0]), 60, "the end of what the shell had started")

    ended = peer(tmp_path, "echo no such table >&2; exit 3")
    with pytest.raises(DemoError, match="ended with 3: no such table"), trial(stack, ended, {}):
        pass

    mute = peer(tmp_path, "echo still thinking; sleep 600")
    with (
        pytest.raises(DemoError, match=r"still thinking .*/readyz on its HTTP_PORT answers 200"),
        trial(stack, mute, {}, ready_within=1),
    ):
        pass
