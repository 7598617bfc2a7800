"""What clients can take of a listener has bounds; who goes beyond them harms nobody else."""

import subprocess
import sys
import tracemalloc
from contextlib import ExitStack
from hashlib import sha256
from random import Random
from threading import Event, Thread

import pytest

from fixengine.demo.waiting import wait_until
from fixengine.fix.door import Knock
from fixengine.fix.framing import Framer
from fixengine.infra.fix.limits import LINE_LIMITS, LineLimits
from fixengine.infra.fix.line import TcpLine
from fixengine.infra.fix.listener import Listener
from fixengine.ports.lines import Ending, Line
from tests.support.fix.hall import LOGON, PATIENCE, Guest, Hall, Peer, listening

MIB = 2**20


def works(hall: Hall, listener: Listener) -> None:
    """Assert that a newcomer is served."""
    with Peer(listener.port) as peer:
        before = len(hall.guests)
        peer.says(LOGON)
        hall.guest(before)
        peer.says(b"beside them")
        assert peer.hears(11) == b"beside them"


def ignore(guest: Guest, data: bytes) -> None:
    """Leave it unhandled."""


def sees_more_than(guest: Guest, size: int) -> None:
    """Return once more has come than so many bytes."""
    wait_until(lambda: len(guest.seen) > size, PATIENCE, f"more than {size} bytes")


def test_a_thousand_that_never_log_on_are_in_nobodys_way_and_cost_little() -> None:
    hall = Hall()
    with listening(hall) as listener, Peer(listener.port) as client, ExitStack() as crowd:
        client.says(LOGON)
        hall.guest()
        tracemalloc.start()
        try:
            for number in range(1_000):
                half_open = crowd.enter_context(Peer(listener.port))
                if number % 2:
                    half_open.says(b"8=FIX.4.4\x019=16000\x0135=A\x0158=" + b"x" * 15_000)
            hall.saw_end(Ending.CROWD, 1_000 - LINE_LIMITS.strangers)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 8 * MIB
        works(hall, listener)
        client.says(b"still here")
        assert client.hears(10) == b"still here"


def test_who_has_logged_on_is_served_before_a_flood_of_strangers() -> None:
    """The listener's thread is held until all of them have said something."""
    free, order = Event(), list[str]()

    class Witness(Hall):
        def knocked(self, line: Line, knock: Knock, framer: Framer) -> None:
            order.append("a stranger")
            super().knocked(line, knock, framer)

    def answer(guest: Guest, data: bytes) -> None:
        order.append(data.decode())
        if data == b"hold":
            free.wait(PATIENCE)

    hall = Witness(answer)
    with listening(hall) as listener, ExitStack() as peers:
        crowd = [peers.enter_context(Peer(listener.port)) for _ in range(100)]
        client, holder = (peers.enter_context(Peer(listener.port)) for _ in range(2))
        for number, each in enumerate((client, holder)):
            each.says(LOGON)
            hall.guest(number)
        order.clear()
        holder.says(b"hold")
        wait_until(lambda: order, PATIENCE, "the thread to be held")
        for stranger in crowd:
            stranger.says(LOGON)
        client.says(b"first")
        free.set()
        hall.guest(101)
        assert order == ["hold", "first", *["a stranger"] * 100]


def test_what_a_session_does_not_handle_is_not_read_beyond_a_bound() -> None:
    hall, rarely = Hall(ignore), LineLimits(look=2 * PATIENCE)
    with (
        listening(hall, limits=rarely) as listener,
        Peer(listener.port) as flood,
        Peer(listener.port) as other,
    ):
        flood.says(LOGON)
        guest = hall.guest()
        said = Random(7).randbytes(16 * MIB)
        flooding = Thread(target=flood.says, args=(said,), daemon=True)
        flooding.start()
        bound = LINE_LIMITS.unhandled
        sees_more_than(guest, bound - 1)
        other.says(LOGON)
        hall.guest(1).line.send(b"served")
        assert other.hears(6) == b"served"
        assert len(guest.seen) < bound + 65_536
        while len(guest.seen) < len(said):
            seen = len(guest.seen)
            guest.line.handled(bound)
            sees_more_than(guest, seen)
        flooding.join()
        assert sha256(guest.seen).digest() == sha256(said).digest()


def test_who_never_reads_is_disconnected_at_a_bound() -> None:
    hall = Hall()
    with listening(hall) as listener, Peer(listener.port, kept=4_096) as deaf:
        deaf.says(LOGON)
        guest = hall.guest()
        most = 0
        for _ in range(256):
            guest.line.send(bytes(65_536))
            most = max(most, guest.line.unwritten)
        hall.saw_end(Ending.UNREAD)
        assert guest.lost_as == ["the client reads too little of what it is sent"]
        assert -65_536 <= most - LINE_LIMITS.unwritten <= 65_536
        assert guest.line.unwritten == 0
        with pytest.raises(ConnectionResetError):  # the system keeps nothing for it either
            list(iter(lambda: deaf.socket.recv(65_536), b""))
        works(hall, listener)


def test_who_reads_nothing_for_a_time_is_disconnected() -> None:
    hall = Hall()
    with (
        listening(hall, limits=LineLimits(stalled=0.2, look=0.1)) as listener,
        Peer(listener.port, kept=4_096) as deaf,
    ):
        deaf.says(LOGON)
        guest = hall.guest()
        while not guest.line.unwritten:
            guest.line.send(bytes(65_536))
        hall.saw_end(Ending.UNREAD)
        assert guest.lost_as == ["the client reads nothing of what it is sent"]


def test_who_reads_slowly_gets_all_in_order() -> None:
    hall = Hall()
    said = [Random(number).randbytes(65_536) for number in range(200)]
    with listening(hall) as listener, Peer(listener.port, kept=4_096) as slow:
        slow.says(LOGON)
        line = hall.guest().line

        def speak() -> None:
            for piece in said:
                wait_until(lambda: line.unwritten < MIB, PATIENCE, "room for more")
                line.send(piece)

        speaking = Thread(target=speak, daemon=True)
        speaking.start()
        heard = slow.hears(sum(map(len, said)))
        speaking.join()
    assert sha256(heard).digest() == sha256(b"".join(said)).digest()


def test_of_all_who_read_too_little_the_worst_goes() -> None:
    hall = Hall()
    limits = LineLimits(unwritten_by_all=5 * MIB, look=0.1)
    with listening(hall, limits=limits) as listener, ExitStack() as peers:
        for number in range(3):
            peer = peers.enter_context(Peer(listener.port, kept=4_096))
            peer.says(LOGON)
            hall.guest(number)
        for guest, size in zip(hall.guests, (MIB, 3 * MIB, 2 * MIB), strict=True):
            while guest.line.unwritten < size:
                guest.line.send(bytes(65_536))
        hall.saw_end(Ending.UNREAD)
        assert [len(guest.lost_as) for guest in hall.guests] == [0, 1, 0]


def test_who_reads_nothing_can_not_hold_up_a_close() -> None:
    hall = Hall()
    with (
        listening(hall, limits=LineLimits(farewell=0.2, look=0.1)) as listener,
        Peer(listener.port, kept=4_096) as deaf,
    ):
        deaf.says(LOGON)
        guest = hall.guest()
        while not guest.line.unwritten:
            guest.line.send(bytes(65_536))
        guest.line.close()
        hall.saw_end(Ending.GATEWAY)


def test_a_line_that_nobody_takes_is_closed() -> None:
    hall = Hall()
    hall.takes = False
    with (
        listening(hall, limits=LineLimits(decision=0.2, look=0.1)) as listener,
        Peer(listener.port) as peer,
    ):
        peer.says(LOGON)
        assert peer.hears_the_end() == b""
        hall.saw_end(Ending.FAULT)


def test_who_is_told_to_wait_longer_is_not_late() -> None:
    hall = Hall()
    hall.takes = False
    with listening(hall, limits=LineLimits(look=3600)) as listener, Peer(listener.port) as peer:
        peer.says(LOGON)
        line = hall.guest().line
        assert isinstance(line, TcpLine)
        line._since -= 1000
        line.wait_longer()
        line.look()
        assert line.ending is None


def test_no_more_wait_for_a_decision_than_there_is_room_for() -> None:
    hall = Hall()
    hall.takes = False
    with listening(hall, limits=LineLimits(strangers=4)) as listener, ExitStack() as peers:
        for number in range(6):
            peers.enter_context(Peer(listener.port)).says(LOGON)
            hall.guest(number).line.wait_longer()
        hall.saw_end(Ending.CROWD, 2)
        assert [guest.line.is_gone for guest in hall.guests] == [True, True, *[False] * 4]


def test_who_says_nothing_is_shown_out_without_a_word() -> None:
    hall = Hall()
    with (
        listening(hall, limits=LineLimits(arrival=0.2, look=0.1)) as listener,
        Peer(listener.port) as silent,
    ):
        assert silent.hears_the_end() == b""
        hall.saw_end(Ending.LOGON)


def test_sessions_are_never_sent_away_for_newcomers() -> None:
    hall = Hall()
    with listening(hall, limits=LineLimits(lines=4)) as listener, ExitStack() as peers:
        for number in range(4):
            peer = peers.enter_context(Peer(listener.port))
            peer.says(LOGON)
            hall.guest(number)
        with Peer(listener.port) as newcomer:
            assert newcomer.hears_the_end() == b""
        hall.saw_end(Ending.CROWD)
        assert hall.ended.total() == 1
        assert [guest.lost_as for guest in hall.guests] == [[], [], [], []]


def test_without_a_descriptor_clients_wait_until_there_is_one() -> None:
    program = """
import os, resource, sys
from tests.support.fix.hall import Hall, listening
hall = Hall()
with listening(hall) as listener:
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
    taken = []
    try:
        while True:
            taken.append(os.dup(0))
    except OSError:
        pass
    print(listener.port, flush=True)
    sys.stdin.readline()
    for each in taken:
        os.close(each)
    hall.guest()
    print("it is served", flush=True)
    sys.stdin.readline()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        with Peer(int(process.stdout.readline())) as peer:
            assert "no more connections can be had" in process.stderr.readline()
            process.stdin.write("free them\n")
            process.stdin.flush()
            peer.says(LOGON)
            assert process.stdout.readline() == "it is served\n"
            process.stdin.write("end\n")
            process.stdin.close()
