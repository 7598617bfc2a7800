"""Commands in the surroundings that people have: odd locales, terminals, folders, variables."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from fixengine.demo.stack import surroundings

ROOT = Path(__file__).parents[2]
LOCALE = {"LC_ALL": "de_DE.ISO-8859-5", "LANGUAGE": "de", "TZ": "Nowhere/Land"}
"""A locale that is not installed, as over ssh from another machine, and no such time zone."""

OF_OTHERS = {
    "PGHOSTADDR": "192.0.2.1",
    "PGSERVICE": "other",
    "PGOPTIONS": "-c default_transaction_read_only=on",
    "PGSSLMODE": "require",
    **dict.fromkeys(("http_proxy", "HTTPS_PROXY", "all_proxy"), "http://192.0.2.1:3128"),
    "OTEL_PROPAGATORS": "b3",
    "OTEL_SDK_DISABLED": "true",
}

OF_WHO_WATCHES = {
    **dict.fromkeys(("CI", "GITHUB_ACTIONS"), "true"),
    **dict.fromkeys(("FORCE_COLOR", "NO_COLOR", "PY_COLORS", "TTY_COMPATIBLE"), "1"),
    **dict.fromkeys(("COLUMNS", "LINES"), "20"),
    "TERM": "dumb",
    "PYTEST_ADDOPTS": "--verbose",
}


def run(environment: Mapping[str, str], *arguments: str, umask: int = -1) -> tuple[int, str]:
    """Return a command's exit code and all that it said."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**surroundings(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=200,
        check=False,
        umask=umask,
    )
    return done.returncode, done.stdout.decode()


@pytest.mark.parametrize("odd", ["variables", "folders"])
def test_the_demo_runs(odd: str, tmp_path: Path) -> None:
    """Every order is cancelled or changed.

    Temporary files may be far down and with blanks, all files private, and there is no home.
    """
    folder = tmp_path.joinpath("with a blank", *("far-down" * 3 for _ in range(5)))
    folder.mkdir(parents=True)
    home = tmp_path / "no folder"
    home.write_text("", "utf-8")
    demo = ("fixengine", "demo", "--orders=40", "--cancels=100", "--speed=100", "--exit")
    if odd == "variables":
        code, said = run({**LOCALE, **OF_OTHERS, "TERM": "dumb"}, *demo)
    else:
        code, said = run({"TMPDIR": str(folder), "HOME": str(home)}, *demo, umask=0o077)
    assert code == 0, said
    assert "the ledger holds: 36 orders, 40 executions (4 by FIX)" in said
    assert "a FIX client was told of 4 orders: 4 Filled" in said
    counted = re.search(r"(\d+) orders cancelled and (\d+) changed by request, (\d+) req", said)
    assert counted, said
    cancelled, changed, late = map(int, counted.groups())
    assert cancelled + changed + late == 36
    assert cancelled + changed > 0
    assert not [*folder.iterdir()]


@pytest.mark.parametrize("odd", [{"PYTHONIOENCODING": "ascii"}, LOCALE], ids=["ascii", "locale"])
def test_settings_are_shown_as_well_as_the_terminal_can(odd: Mapping[str, str]) -> None:
    code, said = run({**odd, "POSTGRES_DBNAME": "ZÜRI"}, "fixengine", "check-config")
    assert code == 0, said
    assert f"POSTGRES_DBNAME={'Z?RI' if odd is not LOCALE else 'ZÜRI'}\n" in said


def test_settings_are_in_utf_8_also_where_python_is_told_of_no_such_thing() -> None:
    ascii_alone = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    code, said = run({**ascii_alone, "POSTGRES_DBNAME": "ZÜRI"}, "fixengine", "check-config")
    assert code == 0, said
    assert "POSTGRES_DBNAME=Z?RI\n" in said


def test_tests_run_whatever_a_shell_has_set(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import os, psycopg\n"
        "def test_it(database):\n"
        f"    assert not {{*{[*OF_OTHERS, *OF_WHO_WATCHES]}}} & {{*os.environ}}\n"
        "    with psycopg.connect(database) as connection:\n"
        "        connection.execute('create table anything ()')\n",
        "utf-8",
    )
    code, said = run(
        {**LOCALE, **OF_OTHERS, **OF_WHO_WATCHES},
        *("pytest", "-p", "no:cacheprovider", "-p", "tests.conftest"),
        *("--rootdir", str(tmp_path), str(tmp_path)),
    )
    assert code == 0, said
