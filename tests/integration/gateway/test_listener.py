"""Lines of clients: what they say arrives, what is said to them too, and how they end."""

import socket
import struct
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic

import pytest

from fixengine.demo.waiting import wait_until
from fixengine.fix.framing import Frame, Framer, encode
from fixengine.infra.fix.limits import LINE_LIMITS, LineLimits
from fixengine.infra.fix.line import TcpLine
from fixengine.infra.fix.listener import Listener
from fixengine.ports.lines import Ending
from tests.support.fix.hall import LOGON, PATIENCE, Guest, Hall, Peer, echo, listening
from tests.support.fix.sides import raw


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
    hall.saw_end(Ending.CLIENT)
    assert guest.lost_as == ["the client closed the connection"]


def test_who_gives_up_while_nobody_reads_is_seen_to_be_gone(hall: Hall, listener: Listener) -> None:
    hall.takes = False
    with Peer(listener.port) as peer:
        peer.says(LOGON)
        line = hall.guest().line
        peer.says(b"what nobody reads")
        assert not line.is_gone
    wait_until(lambda: line.is_gone, PATIENCE, "the client to be gone")
    line.close()
    hall.saw_end(Ending.GATEWAY)
    assert line.is_gone


def test_what_was_said_before_a_line_is_closed_still_goes_out(hall: Hall) -> None:
    patient = LineLimits(farewell=2 * PATIENCE)
    with listening(hall, limits=patient) as listener, Peer(listener.port) as peer:
        peer.says(LOGON)
        line = hall.guest().line
        line.send(b"farewell" * 10_000)
        line.close()
        assert peer.hears_the_end() == b"farewell" * 10_000
    hall.saw_end(Ending.GATEWAY)


def test_a_line_is_closed_in_order_though_the_client_has_said_more_than_was_read() -> None:
    hall = Hall(lambda *_: None)
    with listening(hall) as listener, Peer(listener.port) as peer:
        peer.says(LOGON)
        guest = hall.guest()
        peer.says(bytes(LINE_LIMITS.unhandled + 100_000))
        wait_until(lambda: len(guest.seen) >= LINE_LIMITS.unhandled, PATIENCE, "enough")
        guest.line.send(b"farewell")
        guest.line.close()
        assert peer.hears(8) == b"farewell"
        assert peer.socket.recv(1) == b"", "and no reset"


def test_a_logon_may_come_byte_by_byte(hall: Hall, listener: Listener) -> None:
    with Peer(listener.port) as peer:
        for byte in LOGON:
            peer.says(bytes((byte,)))
        assert hall.guest().line.address
        assert len(hall.knocks) == 1


def test_what_comes_in_the_same_segment_as_the_logon_is_kept(
    hall: Hall, listener: Listener
) -> None:
    more = raw("35=0|49=CLIENT|56=ENGINE|34=2|52=20260302-09:30:00|")
    with Peer(listener.port) as peer:
        peer.says(LOGON + more * 50)
        hall.guest()
        frames = [hall.framers[0].next() for _ in range(51)]
        assert [frame is not None for frame in frames] == [True] * 50 + [False]


def test_nothing_is_read_until_somebody_takes_the_line(hall: Hall, listener: Listener) -> None:
    hall.takes = False
    with Peer(listener.port) as peer:
        peer.says(LOGON)
        guest = hall.guest()
        peer.says(b"early")
        guest.line.send(b"nobody reads you")
        assert peer.hears(16) == b"nobody reads you"
        assert guest.seen == b""
        guest.line.pass_to(guest)
        assert peer.hears(5) == b"early"


def test_who_takes_a_line_that_is_lost_hears_so_at_once(hall: Hall, listener: Listener) -> None:
    hall.takes = False
    with Peer(listener.port) as peer:
        peer.says(LOGON)
        guest = hall.guest()
        guest.line.close()
        assert peer.hears_the_end() == b""
    hall.saw_end(Ending.GATEWAY)
    guest.line.pass_to(guest)
    assert len(guest.lost_as) == 1
    guest.line.send(b"into the void")
    guest.line.close()
    guest.line.handled(1)


@pytest.mark.parametrize(
    "first",
    [
        raw("35=0|49=CLIENT|56=ENGINE|34=1|52=20260302-09:30:00|"),
        raw("35=A|56=ENGINE|34=1|52=20260302-09:30:00|98=0|108=30|"),
        LOGON.replace(b"10=", b"10=9"),
        LOGON.replace(b"FIX.4.4", b"FIX.9.9"),
        b"8=FIX.4.4\x019=999999999\x0135=A\x01",
        b"8=FIX.4.4\x019=-1\x0135=A\x0149=CLIENT\x01",
        b"GET / HTTP/1.1\r\n\r\n",
        b"8=FIX.4.4\x019=16500\x0135=A\x0158=" + b"x" * 16_384,
    ],
    ids=["no-logon", "no-sender", "sum", "version", "huge", "negative", "http", "long"],
)
def test_who_does_not_begin_with_a_logon_is_shown_out_without_a_word(
    hall: Hall, first: bytes
) -> None:
    patient = LineLimits(arrival=2 * PATIENCE)
    with listening(hall, limits=patient) as listener, Peer(listener.port) as peer:
        peer.says(first)
        assert peer.hears_the_end() == b""
    hall.saw_end(Ending.LOGON)
    assert hall.knocks == []


def test_who_closes_his_half_is_gone(hall: Hall, listener: Listener) -> None:
    with Peer(listener.port) as peer:
        peer.says(LOGON)
        guest = hall.guest()
        peer.socket.shutdown(socket.SHUT_WR)
        assert peer.hears_the_end() == b""
        hall.saw_end(Ending.CLIENT)
        assert guest.lost_as == ["the client closed the connection"]


def test_a_reset_is_told_too(hall: Hall, listener: Listener) -> None:
    with Peer(listener.port) as peer:
        peer.says(LOGON)
        guest = hall.guest()
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    hall.saw_end(Ending.CLIENT)
    assert guest.lost_as == ["Connection reset by peer"]


def test_what_was_said_before_a_reset_is_read_though_nothing_can_be_written_any_more() -> None:
    said, free = Event(), Event()

    def hold(guest: Guest, data: bytes) -> None:
        said.set()
        assert free.wait(PATIENCE)
        guest.line.send(b"into the void")
        guest.line.handled(len(data))

    hall = Hall(hold)
    with listening(hall) as listener, Peer(listener.port) as peer:
        peer.says(LOGON)
        guest = hall.guest()
        peer.says(b"x")
        assert said.wait(PATIENCE)
        peer.says(b"y" * 100_000)
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.socket.close()
        free.set()
        hall.saw_end(Ending.CLIENT)
        assert guest.seen == b"x" + b"y" * 100_000


def test_who_fails_with_what_comes_loses_this_line_alone() -> None:
    def fail(guest: Guest, data: bytes) -> None:
        if data == b"poison":
            raise ValueError
        echo(guest, data)

    hall = Hall(fail)
    with listening(hall) as listener, Peer(listener.port) as first, Peer(listener.port) as second:
        for number, peer in enumerate((first, second)):
            peer.says(LOGON)
            hall.guest(number)
        first.says(b"poison")
        assert first.hears_the_end() == b""
        hall.saw_end(Ending.FAULT)
        assert hall.guest(0).lost_as == ["who had it failed"]
        assert hall.ended.total() == 1
        second.says(b"and on it goes")
        assert second.hears(14) == b"and on it goes"


def test_a_doorman_who_fails_loses_this_line_alone(hall: Hall, listener: Listener) -> None:
    with Peer(listener.port) as first, Peer(listener.port) as second:
        hall.fails = True
        first.says(LOGON)
        assert first.hears_the_end() == b""
        hall.fails = False
        second.says(LOGON)
        hall.guest()
        second.says(b"in")
        assert second.hears(2) == b"in"


def test_messages_of_several_threads_stay_whole(hall: Hall, listener: Listener) -> None:
    def speak(name: bytes) -> None:
        for number in range(500):
            line.send(encode(b"FIX.4.4", b"35=0\x0158=%b\x01" % (name * number)))

    with Peer(listener.port) as peer:
        peer.says(LOGON)
        line = hall.guest().line
        with ThreadPoolExecutor(4) as pool:
            spoken = [pool.submit(speak, name) for name in (b"a", b"b", b"c", b"d")]
            framer, found = Framer(), Counter[bytes]()
            while found.total() < 2_000:
                framer.feed(peer.hears_some())
                while (frame := framer.next()) is not None:
                    assert isinstance(frame, Frame), frame
                    found[frame.body] += 1
            assert [each.result() for each in spoken] == [None] * 4
    assert len(found) == 1 + 4 * 499


def test_the_system_keeps_little_of_a_line_and_finds_out_that_a_host_is_dead(
    hall: Hall, listener: Listener
) -> None:
    with Peer(listener.port) as peer:
        peer.says(LOGON)
        line = hall.guest().line
        assert isinstance(line, TcpLine)
        option = line.wire.connection.getsockopt
        assert option(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert option(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 25_000
        assert option(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        for direction in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            assert option(socket.SOL_SOCKET, direction) <= 2 * LINE_LIMITS.kept


def test_a_stop_closes_all_lines_after_what_was_said(hall: Hall) -> None:
    with listening(hall) as listener, Peer(listener.port) as peer:
        peer.says(LOGON)
        guest = hall.guest()
        guest.line.send(b"the end")
        listener.stop(within=0.2)
        assert peer.hears_the_end() == b"the end"
        assert guest.lost_as != []
        listener.stop(within=1)


def test_who_has_logged_on_stays_when_the_port_is_closed_for_another(hall: Hall) -> None:
    with listening(hall) as listener, Peer(listener.port) as client, Peer(listener.port) as other:
        client.says(LOGON)
        hall.guest()
        listener.stop_accepting()
        assert other.hears_the_end() == b""
        successor = Listener(port=listener.port, counts=hall)
        successor.start(hall)
        with Peer(listener.port) as newcomer:
            newcomer.says(LOGON)
            hall.guest(1)
        successor.stop(within=1)
        client.says(b"still here")
        assert client.hears(10) == b"still here"
        listener.stop_accepting()


def test_who_closes_the_port_waits_a_moment_until_it_is_free() -> None:
    held, free = Event(), Event()

    def hold(guest: Guest, data: bytes) -> None:
        held.set()
        free.wait(PATIENCE)

    hall = Hall(hold)
    with listening(hall) as listener, Peer(listener.port) as client:
        client.says(LOGON)
        hall.guest()
        client.says(b"hold")
        assert held.wait(PATIENCE)
        began = monotonic()
        listener.stop_accepting()
        assert monotonic() - began >= 0.1
        free.set()


def test_a_listener_that_never_began_can_be_stopped(hall: Hall) -> None:
    listener = Listener(port=0, counts=hall)
    listener.stop_accepting()
    listener.stop(within=1)
