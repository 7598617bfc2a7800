"""Whether a client has room for more, and when it is given up because it reads nothing."""

from dataclasses import replace

from fixengine.actors.gateway.limits import SESSION_LIMITS
from fixengine.actors.gateway.room import Room
from fixengine.demo.waiting import wait_until
from tests.support.fix.stub_ports import StubLine

LIMITS = replace(SESSION_LIMITS, unwritten=10, patience=0.01)


def test_a_client_that_has_read_is_given_all_its_time_again() -> None:
    line = StubLine()
    room = Room(line, LIMITS)
    line.unwritten = 11
    assert not room.is_there()
    wait_until(lambda: room.is_given_up, 60, "the client to be given up")
    line.unwritten = 10
    assert room.is_there()
    assert not room.is_given_up
