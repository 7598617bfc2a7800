"""A test that is skipped fails where `--no-skips` is asked for, unless its stack is another."""

import subprocess
import sys
from pathlib import Path

import pytest

from fixengine.demo.stack import surroundings

ROOT = Path(__file__).parents[2]


def run(tmp_path: Path, test: str, *options: str) -> "subprocess.CompletedProcess[str]":
    (tmp_path / "test_it.py").write_text(f"import pytest\n\n{test}\n", "utf-8")
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "tests.conftest"),
            *("-p", "no:cacheprovider", "-p", "no:schemathesis"),
            *("--rootdir", str(tmp_path), *options, str(tmp_path)),
        ],
        cwd=ROOT,
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


WANTING = """
def test_that_skips_itself():
    pytest.skip("needs chromium")


@pytest.mark.skip(reason="needs chromium")
def test_that_is_marked(): ...


@pytest.mark.skipif(True, reason="needs chromium")
def test_that_is_marked_on_a_condition(): ...


@pytest.fixture
def chromium():
    pytest.skip("needs chromium")


def test_whose_fixture_skips_it(chromium): ...


def test_that_imports_what_is_not_there():
    pytest.importorskip("chromium", reason="needs chromium")
"""
OF_ANOTHER_STACK = """
def test_of_another_stack():
    pytest.skip("the embedded broker keeps its records in memory")
"""


def test_a_skipped_test_passes_where_nobody_minds(tmp_path: Path) -> None:
    done = run(tmp_path, WANTING)
    assert done.returncode == pytest.ExitCode.OK, done.stdout
    assert "5 skipped" in done.stdout


@pytest.mark.parametrize("workers", [(), ("--numprocesses", "1")])
def test_it_fails_where_none_may_be_unless_it_is_for_another_stack(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    done = run(tmp_path, WANTING + OF_ANOTHER_STACK, *workers, "--no-skips")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert done.stdout.count("is skipped, and --no-skips is set: ") == 5
    assert "needs chromium" in done.stdout
    assert "2 failed, 1 skipped, 3 errors" in done.stdout  # an error: skipped before it began
