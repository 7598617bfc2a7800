"""The README says what the program says."""

from pathlib import Path

from fixengine.config import VARIABLES

README = Path(__file__).parents[2] / "README.md"


def test_the_settings_table_is_the_programs_own() -> None:
    rows = [
        f"| `{variable.name}` | {f'`{variable.default}`' if variable.default else ''} "
        f"| {variable.meaning} |"
        for variable in VARIABLES.values()
    ]
    table = "\n".join(("| variable | default | meaning |", "|---|---|---|", *rows))
    _, _, rest = README.read_text().partition("<!-- settings -->\n")
    assert rest.partition("<!-- /settings -->")[0] == f"{table}\n"
