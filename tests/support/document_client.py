"""Schemathesis: a client made of an OpenAPI document, to try what fits it and what does not."""

import subprocess
import sys
from pathlib import Path

_PROGRAM = Path(sys.executable).with_name("schemathesis")
_OPTIONS = [
    "--seed=1",
    "--max-examples=5",
    "--checks=all",
    "--generation-database=none",
    "--no-color",
]
# 503 is what the document says of a database that is too slow, as on a busy machine
_EXPECTED = """[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503]
"""


def assert_the_document_holds(url: str, folder: Path, *options: str, more: str = "") -> None:
    """Try each operation of a server that the options choose.

    `more` of its configuration is written into the folder.
    """
    (folder / "schemathesis.toml").write_text(_EXPECTED + more, "utf-8")
    result = subprocess.run(
        [
            str(_PROGRAM),
            "run",
            *_OPTIONS,
            *options,
            f"{url}/openapi.json",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-6_000:] + result.stderr[-1_000:]
