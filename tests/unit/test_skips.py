"""A test that is skipped fails where `--no-skips` is asked for, unless its stack is another."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(tmp_path: Path, test: str, *options: str) -> "subprocess.CompletedProcess[str]":
    (tmp_path / "test_it.py").write_text(f"import pytest\n\n{test}\n", "utf-8")
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "tests.conftest"),
            *("--rootdir", str(tmp_path), *options, str(tmp_path)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    "test",
    [
        "def test_it(): pytest.skip('needs chromium')",
        "@pytest.mark.skip(reason='needs chromium')\ndef test_it(): ...",
        "@pytest.mark.skipif(True, reason='needs chromium')\ndef test_it(): ...",
        "@pytest.fixture\ndef it(): pytest.skip('needs chromium')\ndef test_it(it): ...",
        "def test_it(): pytest.importorskip('chromium', reason='needs chromium')",
    ],
)
@pytest.mark.parametrize("workers", [(), ("--numprocesses", "1")])
def test_a_skipped_test_fails_where_none_may_be(
    tmp_path: Path, test: str, workers: tuple[str, ...]
) -> None:
    assert run(tmp_path, test, *workers).returncode == pytest.ExitCode.OK
    done = run(tmp_path, test, *workers, "--no-skips")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "is skipped, and --no-skips is set: " in done.stdout
    assert "needs chromium" in done.stdout


def test_a_test_for_another_stack_may_be_skipped(tmp_path: Path) -> None:
    test = "def test_it(): pytest.skip('the embedded broker keeps its records in memory')"
    done = run(tmp_path, test, "--no-skips")
    assert done.returncode == pytest.ExitCode.OK, done.stdout
    assert "1 skipped" in done.stdout
