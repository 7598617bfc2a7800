"""Gateways are killed and stopped under clients that trade: each is told everything, once."""

from pathlib import Path

import pytest

from fixengine.demo.stack import Stack
from tests.support.fix.floor import Floor

pytestmark = pytest.mark.any_broker

_MARKET = {
    "FILL_DELAY_FIRST": "0.05",
    "FILL_DELAY_MIN": "0.1",
    "FILL_DELAY_MAX": "0.8",
}


def test_clients_are_told_everything_once_though_gateways_and_engines_are_killed_and_stopped(
    stack: Stack, tmp_path: Path
) -> None:
    engines = [stack.engine(name, **_MARKET) for name in ("first", "second")]
    for engine in engines:
        engine.start(ready_within=None)
    with Floor(stack, tmp_path, dsn=stack.postgres.dsn) as floor:
        for engine in engines:
            engine.wait_until_ready()
        first, second = floor.gateways
        for victim in (first, second):
            floor.wait_until_busy()
            victim.process.kill()
            floor.wait_until_busy()
            victim.process.start()
            victim.wait_until_ready()
        engines[0].kill()
        floor.wait_until_busy()
        engines[0].start(ready_within=None)
        assert first.process.stop() == 0
        floor.wait_until_busy()
        assert floor.problems() == []
        assert all(dealer.logons > 1 for dealer in floor.dealers)
