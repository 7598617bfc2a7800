"""The reports actor: it tells sessions that they have something to say."""

from fixengine.actors.gateway.live import Life, LiveSession
from fixengine.actors.gateway.messages import ReportsWait
from fixengine.actors.gateway.reports import LONGEST_PAUSE, SHORTEST_PAUSE, Reports, next_pause
from fixengine.demo.waiting import wait_until
from fixengine.ports.fix import Identity
from tests.unit.actors.gateway.conftest import World

OMS = Identity(b"FIX.4.4", b"FIXENGINE", b"OMS1")


def test_a_session_with_something_to_tell_is_told(world: World) -> None:
    world.live.put(OMS, LiveSession(session_id=3, ref=world.ears(), life=Life(30)))
    world.booted(Reports.start(books=world.store, live=world.live))
    world.store.pending[3] = [object()]  # type: ignore[list-item]  # whatever it is
    wait_until(lambda: world.told, 60, "the session to be told")
    assert world.told[0] == ReportsWait()


def test_reports_go_on_when_the_database_is_back(world: World, events: list[str]) -> None:
    world.live.put(OMS, LiveSession(session_id=3, ref=world.ears(), life=Life(30)))
    world.store.is_away = True
    world.booted(Reports.start(books=world.store, live=world.live))
    wait_until(lambda: "reports wait" in events, 60, "the outage to be said")
    world.store.pending[3] = [object()]  # type: ignore[list-item]  # as above
    assert world.told == []
    world.store.is_away = False
    wait_until(lambda: world.told, 60, "the session to be told")
    assert "reports go on" in events


def test_looks_are_frequent_while_something_comes_and_seldom_after() -> None:
    assert next_pause(LONGEST_PAUSE, came=True, took=0.001) == SHORTEST_PAUSE
    pauses = [SHORTEST_PAUSE]
    for _ in range(20):
        pauses.append(next_pause(pauses[-1], came=False, took=0.001))
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


def test_looks_that_take_long_are_seldom_whatever_comes() -> None:
    assert next_pause(SHORTEST_PAUSE, came=True, took=0.05) == 0.2
    assert next_pause(SHORTEST_PAUSE, came=True, took=30) == 1
