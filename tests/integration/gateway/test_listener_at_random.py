"""Clients that come and go as they like get their own bytes back, and leave nothing behind."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

from fixengine.demo.waiting import wait_until
from fixengine.fix.door import Knock
from fixengine.fix.framing import Framer
from fixengine.ports.lines import Ending, Line
from tests.support.fix.hall import LOGON, PATIENCE, Guest, Hall, Peer, echo, listening
from tests.support.log import heard

CLIENTS = 12
VISITS = 40


class BusyHall(Hall):
    """Takes lines in threads of others, and says when it has."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        super().__init__(self._answer)
        self._pool = pool

    def knocked(self, line: Line, knock: Knock, framer: Framer) -> None:
        self._pool.submit(self._take, line)

    def _take(self, line: Line) -> None:
        line.send(b"welcome")
        line.pass_to(Guest(line, self._later))

    def _later(self, guest: Guest, data: bytes) -> None:
        self._pool.submit(self._answer, guest, data)

    @staticmethod
    def _answer(guest: Guest, data: bytes) -> None:
        if data == b"BYE":
            guest.line.close()
        else:
            echo(guest, data)


def visit(port: int, chance: Random) -> None:
    """Come, talk for a while or not at all, and go in one way or the other."""
    with Peer(port, kept=chance.choice((None, 4_096))) as peer:
        if chance.random() < 0.2:
            peer.says(chance.choice((b"", b"8=FIX", b"junk and more junk that is no FIX")))
            return
        peer.says(LOGON)
        if chance.random() < 0.2:
            return
        assert peer.hears(7) == b"welcome"
        for _ in range(chance.randrange(10)):
            said = chance.randbytes(chance.choice((1, 100, 5_000)))
            peer.says(said)
            assert peer.hears(len(said)) == said
        if chance.random() < 0.5:
            peer.says(b"BYE")
            assert peer.hears_the_end() == b""


def test_they_do_no_harm() -> None:
    with (
        heard("ERROR", str) as errors,
        ThreadPoolExecutor(1) as owner,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        hall = BusyHall(owner)
        with listening(hall) as listener:

            def come_and_go(seed: int) -> None:
                chance = Random(seed)
                for _ in range(VISITS):
                    visit(listener.port, chance)

            assert list(clients.map(come_and_go, range(CLIENTS))) == [None] * CLIENTS
            wait_until(lambda: hall.began == CLIENTS * VISITS, PATIENCE, "all to be let in")
        assert hall.ended.total() == hall.began
        assert hall.ended.keys() >= {Ending.CLIENT, Ending.GATEWAY, Ending.LOGON}
        assert errors == []
