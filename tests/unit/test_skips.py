"""A test that is skipped fails where `--no-skips` is asked for, unless its stack is another."""

import pytest

pytest_plugins = ["pytester"]


def run(pytester: pytest.Pytester, test: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(f"import pytest\n\n{test}")
    plugins = ("tests.conftest", "no:schemathesis", "no:anyio")
    return pytester.runpytest_inprocess(*(f"-p{each}" for each in plugins), *options)


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


def test_a_skipped_test_passes_where_nobody_minds(pytester: pytest.Pytester) -> None:
    done = run(pytester, WANTING)
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(skipped=5)


@pytest.mark.parametrize("workers", [(), ("--numprocesses", "1")])
def test_it_fails_where_none_may_be_unless_it_is_for_another_stack(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    done = run(pytester, WANTING + OF_ANOTHER_STACK, *workers, "--no-skips")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    said = done.stdout.str()
    assert said.count("is skipped, and --no-skips is set: ") == 5
    assert "needs chromium" in said
    done.assert_outcomes(failed=2, skipped=1, errors=3)  # an error: skipped before it began
