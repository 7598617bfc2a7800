"""QuickFIX's acceptance definitions hold, as far as they are right."""

from pathlib import Path

import pytest

from fixengine.fix.dictionary import versions
from tests.support.fix.definitions import Player, folder
from tests.support.fix.sides import settings

ANSWERED_TOO_LOW = {"8_OnlyAdminMessages.def"}
"""It wants a ResendRequest answered whose number is too low, and which is no duplicate."""


@pytest.fixture(scope="module")
def definitions() -> Path:
    return folder()


@pytest.mark.parametrize("version", ["42", "44"])
def test_they_hold(definitions: Path, version: str) -> None:
    scripts = sorted((definitions / "server" / f"fix{version}").glob("*.def"))
    agreed = settings(b"ISLD", b"TW", dictionary=versions()[f"FIX.4.{version[1]}".encode()])
    failed: dict[str, str] = {}
    for script in scripts:
        try:
            Player(agreed).play(script.read_text("latin-1"))
        except AssertionError as error:
            failed[script.name] = str(error)
    assert len(scripts) >= 58
    assert failed.keys() == ANSWERED_TOO_LOW, failed
