"""The guard does what is left to do, and nothing else."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fixengine.demo.guard import Duties, clean_up, read_duties


def test_what_was_forgotten_is_not_left_to_do() -> None:
    duties = read_duties(["watch 11 9\n", "watch 12 3\n", "remove /a b\n", "forget 11\n"])
    assert duties == Duties(signals={12: 3}, folders=["/a b"])


def test_a_line_that_is_no_duty_is_refused() -> None:
    with pytest.raises(ValueError, match="not a duty"):
        read_duties(["dance\n"])


def test_groups_that_are_gone_and_folders_that_are_gone_are_no_trouble(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""], start_new_session=True) as process:
        process.wait()
    full = tmp_path / "full"
    (full / "deep").mkdir(parents=True)
    clean_up(
        Duties(
            signals={process.pid: signal.SIGKILL}, folders=[str(full), str(tmp_path / "missing")]
        )
    )
    assert not full.exists()


def test_a_group_that_runs_is_ended() -> None:
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    with subprocess.Popen(command, start_new_session=True) as process:
        clean_up(Duties(signals={process.pid: signal.SIGTERM}, patience_seconds=0.0))
        assert process.wait(60) in {-signal.SIGTERM, -signal.SIGKILL}
