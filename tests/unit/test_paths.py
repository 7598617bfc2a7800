"""Every path that documents, comments, tests and settings of tools name is there."""

import re
from collections.abc import Iterator
from importlib.util import find_spec

from tests.support.documents import ROOT

FOLDERS = (
    ".ci",
    ".github",
    "benchmarks",
    "docs",
    "fixengine",
    "k8s",
    "monitoring",
    "schema",
    "tests",
)
_PATH = re.compile(rf"(?<![\w/.:@-])(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]++(?!\\)")
_MODULE = re.compile(r"-m ((?:benchmarks|fixengine|tests)\b[.\w]*+)")
_NOT_HERE = (
    "fixengine/schema",  # of the wheel alone
    "k8s/ours",  # the reader makes it, and the next one
    "k8s/our-gateway",
)


def texts() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file that people write."""
    in_folders = (file for folder in FOLDERS for file in (ROOT / folder).rglob("*"))
    for file in (*ROOT.iterdir(), *in_folders):
        if file.suffix in {".md", ".py", ".sh", ".sql", ".toml", ".yaml", ".yml"} or file.name in {
            "Dockerfile",
            "Makefile",
        }:
            yield str(file.relative_to(ROOT)), file.read_text("utf-8")


def test_every_path_that_is_named_exists() -> None:
    named = {
        (where, found.rstrip("./-"))
        for where, text in texts()
        for found in _PATH.findall(text)
        if not found.startswith(_NOT_HERE) and "NAME" not in found  # any page, say
    }
    assert len(named) > 100
    assert [each for each in sorted(named) if not (ROOT / each[1]).exists()] == []


def test_every_module_that_is_run_exists() -> None:
    named = {(where, found) for where, text in texts() for found in _MODULE.findall(text)}
    assert len(named) > 5
    assert [each for each in sorted(named) if find_spec(each[1].rstrip(".")) is None] == []


def test_unit_tests_stand_in_the_folders_of_the_code() -> None:
    unit = ROOT / "tests" / "unit"
    folders = {file.parent.relative_to(unit) for file in unit.rglob("test_*.py")}
    assert len(folders) > 20
    assert [each for each in sorted(folders) if not (ROOT / "fixengine" / each).is_dir()] == []
