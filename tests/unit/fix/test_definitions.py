"""QuickFIX's acceptance definitions hold, as far as they are right."""

import pytest

from fixengine.fix.dictionary import versions
from tests.support.fix.definitions import ANSWERED_TOO_LOW, Player, scripts
from tests.support.fix.pure_lines import PureGround
from tests.support.fix.sides import settings


@pytest.mark.parametrize("version", ["42", "44"])
def test_they_hold(version: str) -> None:
    agreed = settings(b"ISLD", b"TW", dictionary=versions()[f"FIX.4.{version[1]}".encode()])
    failed: dict[str, str] = {}
    for name, script in scripts(version).items():
        ground = PureGround(agreed)
        try:
            Player(ground.connect, ground.now).play(script)
        except AssertionError as error:
            failed[name] = str(error)
    assert failed.keys() == ANSWERED_TOO_LOW, failed
