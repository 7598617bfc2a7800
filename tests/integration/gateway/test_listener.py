"""Lines of clients: what they say arrives, what is said to them too, and how they end."""

from collections.abc import Iterator

import pytest

from fixengine.demo.waiting import wait_until
from fixengine.infra.fix.listener import Listener
from fixengine.ports.lines import Ending
from tests.support.fix.hall import LOGON, PATIENCE, Hall, Peer, listening


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def listener(hall: Hall) -> Iterator[Listener]:
    with listening(hall) as listener:
        yield listener


def test_who_says_logon_is_taken_and_what_follows_arrives(hall: Hall, listener: Listener) -> None:
    with Peer(listener.port) as peer:
        peer.says(LOGON)
        guest = hall.guest()
        assert hall.knocks[0].sender == b"CLIENT"
        assert guest.line.address == "127.0.0.1"
        peer.says(b"what follows")
        assert peer.hears(12) == b"what follows"
        assert guest.seen == b"what follows"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_clients_of_both_families_come_in(hall: Hall, listener: Listener, host: str) -> None:
    with Peer(listener.port, host) as peer:
        peer.says(LOGON)
        assert hall.guest().line.address == host


def test_who_closes_is_lost_once(hall: Hall, listener: Listener) -> None:
    with Peer(listener.port) as peer:
        peer.says(LOGON)
        guest = hall.guest()
    wait_until(lambda: guest.lost_as, PATIENCE, "the line to be lost")
    hall.saw_end(Ending.CLIENT)
    assert guest.lost_as == ["the client closed the connection"]


def test_what_was_said_before_a_line_is_closed_still_goes_out(
    hall: Hall, listener: Listener
) -> None:
    with Peer(listener.port) as peer:
        peer.says(LOGON)
        line = hall.guest().line
        line.send(b"farewell" * 10_000)
        line.close()
        assert peer.hears_the_end() == b"farewell" * 10_000
    hall.saw_end(Ending.GATEWAY)


def test_a_stop_closes_all_lines_after_what_was_said(hall: Hall) -> None:
    with listening(hall) as listener, Peer(listener.port) as peer:
        peer.says(LOGON)
        guest = hall.guest()
        guest.line.send(b"the end")
        listener.stop(within=1)
        assert peer.hears_the_end() == b"the end"
        assert guest.lost_as != []
        listener.stop(within=1)


def test_a_listener_that_never_began_can_be_stopped(hall: Hall) -> None:
    listener = Listener(port=0, counts=hall)
    listener.stop_accepting()
    listener.stop(within=1)
