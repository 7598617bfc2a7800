"""CONTRIBUTING.md: where a field of the order is named that becomes a column."""

import re
from fnmatch import fnmatch

from tests.support.documents import ROOT

TYPICAL = re.compile(r"trade_service_execution_id|tradeServiceExecutionId")
"""A field that comes with the order, and goes into the table, the messages and REST."""

APART = ("fixengine/audit/", "fixengine/demo/", "fixengine/trading/")
"""The first two share no code with the engine, and learn of a field by themselves. An order by FIX
has none of trade-service's: of a field with a default nothing is written there.
"""

_SECTION = re.compile(r"^### A field of the order.*?(?=^##|\Z)", re.MULTILINE | re.DOTALL)


def recipe() -> list[str]:
    """Return the files of the recipe."""
    found = _SECTION.search((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    assert found is not None
    return re.findall(r"^\| `([^`]+)` \|", found[0], re.MULTILINE)


def naming_the_field() -> set[str]:
    """Return the engine's files that name the typical field."""
    paths = (path for folder in ("fixengine", "schema") for path in (ROOT / folder).rglob("*.*"))
    return {
        name
        for path in paths
        if path.suffix in {".py", ".sql", ".json", ".js", ".html"}
        and not (name := path.relative_to(ROOT).as_posix()).startswith(APART)
        and TYPICAL.search(path.read_text("utf-8"))
    }


def test_a_field_of_the_order_is_named_in_the_files_of_the_recipe_alone() -> None:
    files = [file.replace("NNNN_NAME", "[0-9][0-9][0-9][0-9]_*") for file in recipe()]
    assert len(files) == 6
    named = naming_the_field()
    assert {name for name in named if not any(fnmatch(name, file) for file in files)} == set()
    assert [file for file in files if not any(fnmatch(name, file) for name in named)] == []
